"""CKV_SLIP_195."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import checked, haproxy
from policies.subjects import Spec


class ReplicaChecks(FilePolicy):
    """A replica that nobody asks keeps getting requests after it lost its database."""

    id = "CKV_SLIP_195"
    name = "The router asks every replica for its readiness"
    level = "high"
    audit = Audit.BLIND
    reference = "https://docs.haproxy.org/3.0/configuration.html#4-option%20httpchk"
    mend = "State a probe with a path for each routed process in the contract."
    file = "/etc/haproxy/haproxy.cfg"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = haproxy(subject)
        for title in configuration.sections:
            if not title.startswith("backend "):
                continue
            lines = configuration.inherited(title)
            if not any(line[:2] == ["option", "httpchk"] for line in lines):
                yield f"{title}: replicas are not asked over HTTP"
            if not checked(lines):
                yield f"{title}: its servers are not checked"


policy = ReplicaChecks()
