"""CKV_SLIP_135."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment


class Migrations(EnvironmentPolicy):
    """A release whose migrations wait for somebody to remember them serves errors until somebody does."""

    id = "CKV_SLIP_135"
    name = "Migrations run in the release phase, and replicas refuse a schema that waits for one"
    level = "high"
    audit = Audit.MIGRATIONS
    reference = "The Twelve-Factor App: V. Build, release, run"
    mend = "State release with the command that migrates, and migrations.check; or migrations.on_start: true."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, contract in subject.applications.items():
            if contract["database"] is None:
                continue
            migrations = contract["migrations"]
            if not contract["release"] and not (migrations and migrations["on_start"]):
                yield f"{application} has a database, and nothing migrates it"
            if not migrations or not migrations.get("check"):
                yield f"{application}: no command checks for pending migrations before a replica serves"


policy = Migrations()
