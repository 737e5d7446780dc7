"""CKV_SLIP_222."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, HostPolicy
from policies.subjects import Host

WANTED = {
    "ssl": {"on"},
    "password_encryption": {"scram-sha-256"},
    "ssl_min_protocol_version": {"TLSv1.2", "TLSv1.3"},
    "log_statement": {"ddl", "mod", "all"},
    "data_checksums": {"on"},
    "fsync": {"on"},
    "full_page_writes": {"on"},
}


class PostgresEffective(HostPolicy):
    """A setting may come from four places; what counts is what the server says."""

    id = "CKV_SLIP_222"
    name = "Postgres runs with TLS, SCRAM, checksums, and logs changes of schema"
    level = "high"
    audit = Audit.DRIFT
    reference = "CIS PostgreSQL Benchmark: logging, client authentication"
    mend = "Run site.yml; look at ALTER SYSTEM and patronictl show-config for who set it otherwise."

    def concerns(self, subject: Host) -> bool:
        return "postgres" in subject.effective

    def problems(self, subject: Host) -> Iterator[str]:
        found = subject.effective["postgres"]
        for name, allowed in WANTED.items():
            if found.get(name) not in allowed:
                yield f"{name} is {found.get(name)!r}"


policy = PostgresEffective()
