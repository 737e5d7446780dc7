"""CKV_SLIP_132."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

LEAST = 2


class Replicas(EnvironmentPolicy):
    """One process behind the front door is an outage at each release and at each crash."""

    id = "CKV_SLIP_132"
    name = "Whatever serves requests has two replicas, on every host that it may run on"
    level = "high"
    audit = Audit.SINGLE
    reference = "The Twelve-Factor App: VIII. Concurrency, IX. Disposability"
    mend = "State replicas: 2 or more, a multiple of the hosts of group app where there are several."

    def problems(self, subject: Environment) -> Iterator[str]:
        if not subject.production:
            return
        hosts = max(1, len(subject.topology["app"]))
        for application, contract in subject.applications.items():
            for name in sorted({route["process"] for route in contract["routes"]}):
                stated = contract["processes"][name]
                if stated["replicas"] < max(LEAST, min(hosts, LEAST)) or stated["singleton"]:
                    yield f"{application}.{name} serves requests with {stated['replicas']} replica"


policy = Replicas()
