"""CKV_SLIP_194."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import checked, haproxy
from policies.subjects import Spec

#: Where there are several: the master that takes writes is the one that a replica follows.
FOLLOWED = "tcp-check expect rstring min_slaves_good_slaves:[1-9]"


class AsksWhoLeads(FilePolicy):
    """A router that only sees whether a port is open sends writes to a replica, or to a master that was deposed."""

    id = "CKV_SLIP_194"
    name = "The router leads to whoever leads: Patroni and Redis are asked for their role"
    level = "critical"
    audit = Audit.SINGLE
    reference = "https://patroni.readthedocs.io/en/latest/rest_api.html; https://redis.io/docs/latest/commands/info/"
    mend = "option httpchk OPTIONS /primary for Postgres; tcp-check expect string role:master for Redis."
    file = "/etc/haproxy/haproxy.cfg"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = haproxy(subject)
        for title in configuration.sections:
            lines = [" ".join(line) for line in configuration.inherited(title)]
            if title.startswith("listen store-postgres") and not (
                "option httpchk OPTIONS /primary" in lines and "http-check expect status 200" in lines
            ):
                yield f"{title}: Patroni is not asked who leads"
            if title.startswith("listen store-redis") and "tcp-check expect string role:master" not in lines:
                yield f"{title}: Redis is not asked for its role"
            servers = [line for line in lines if line.startswith("server ")]
            if title.startswith("listen store-redis") and len(servers) > 1 and FOLLOWED not in lines:
                yield f"{title}: of two masters the one that nobody follows may be chosen (min_slaves_good_slaves)"
            if not title.startswith("listen store-"):
                continue
            if not checked(configuration.inherited(title)):
                yield f"{title}: nobody is asked (no check)"
            if not any("on-marked-down shutdown-sessions" in line for line in lines):
                yield f"{title}: clients stay with a leader that was deposed (no on-marked-down shutdown-sessions)"


policy = AsksWhoLeads()
