"""CKV_SLIP_132."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

LEAST = 2


class Replicas(EnvironmentPolicy):
    """One process behind the front door is an outage at each release and each crash. Replicas count on each host."""

    id = "CKV_SLIP_132"
    name = "Whatever serves requests has two replicas in production, spread over the hosts of group app"
    level = "high"
    audit = Audit.SINGLE
    reference = "The Twelve-Factor App: VIII. Concurrency, IX. Disposability"
    mend = "State replicas: 2 or more, which each host of group app then runs; or add hosts to the group."

    def problems(self, subject: Environment) -> Iterator[str]:
        if not subject.production:
            return
        hosts = max(1, len(subject.topology["app"]))
        for application, contract in subject.applications.items():
            for name in sorted({route["process"] for route in contract["routes"]}):
                stated = contract["processes"][name]
                count = 1 if stated["singleton"] else stated["replicas"] * hosts
                if count < LEAST:
                    yield f"{application}.{name} serves requests with {count} replica"


policy = Replicas()
