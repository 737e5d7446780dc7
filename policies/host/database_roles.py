"""CKV_SLIP_223."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, HostPolicy
from policies.subjects import Host

KIT = {"postgres", "replicator"}


class DatabaseRoles(HostPolicy):
    """An application that is a superuser reads every other's data, and runs programs on the server."""

    id = "CKV_SLIP_223"
    name = "No application's role is more than the owner of its database"
    level = "critical"
    audit = Audit.PRIVILEGE
    reference = "CIS PostgreSQL Benchmark: excessive administrative privileges"
    mend = (
        "ALTER ROLE NAME NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS; role database states the same."
    )

    def concerns(self, subject: Host) -> bool:
        return "roles" in subject.effective

    def problems(self, subject: Host) -> Iterator[str]:
        for role, rights in subject.effective["roles"].items():
            if role not in KIT and rights:
                yield f"role {role} has {rights}"


policy = DatabaseRoles()
