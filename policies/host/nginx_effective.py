"""CKV_SLIP_221."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, HostPolicy
from policies.subjects import Host


class NginxEffective(HostPolicy):
    """nginx runs with what it last read, not with the file that lies there."""

    id = "CKV_SLIP_221"
    name = "nginx runs with the configuration that is stated"
    level = "high"
    audit = Audit.DRIFT
    reference = "https://nginx.org/en/docs/switches.html (-T)"
    mend = "Run site.yml; it reloads nginx after a change."

    def concerns(self, subject: Host) -> bool:
        return "nginx" in subject.effective

    def problems(self, subject: Host) -> Iterator[str]:
        found = subject.effective["nginx"]
        if found["test"] != "ok":
            yield f"nginx refuses its own configuration: {found['test']}"
        for name, wanted in (
            ("server_tokens off", "yes"),
            ("ssl_session_tickets off", "yes"),
            ("ssl_protocols", "TLSv1.2 TLSv1.3"),
        ):
            if found.get(name) != wanted:
                yield f"{name}: {found.get(name)!r}, not {wanted!r}"


policy = NginxEffective()
