"""CKV_SLIP_142."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

RESERVED = {"postgres", "replicator", "patroni", "pgbouncer", "slipway_application", "root", "admin"}


class DatabaseUsers(EnvironmentPolicy):
    """An application that is a superuser reads every other's data, and the files of the host's volume."""

    id = "CKV_SLIP_142"
    name = "Each application has a database and a role of its own, none of the server's"
    level = "critical"
    audit = Audit.PRIVILEGE
    reference = "CIS PostgreSQL Benchmark: ensure that privileges are least"
    mend = "State database.user and database.name: names of the application's own."

    def problems(self, subject: Environment) -> Iterator[str]:
        owners: dict[str, str] = {}
        for application, contract in subject.applications.items():
            if contract["database"] is None:
                continue
            for key in ("user", "name"):
                value = contract["database"][key]
                if value in RESERVED or value.startswith("pg_"):
                    yield f"{application}: database.{key} is {value}, the server's own"
                taken = owners.setdefault(f"{key} {value}", application)
                if taken != application:
                    yield f"{application}: database.{key} {value} is {taken}'s"


policy = DatabaseUsers()
