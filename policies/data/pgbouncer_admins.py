"""CKV_SLIP_207."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import pgbouncer
from policies.subjects import Spec


class PgbouncerAdmins(FilePolicy):
    """An administrator of the pooler pauses, kills and redirects; the kit replaces it instead."""

    id = "CKV_SLIP_207"
    name = "pgbouncer has no administrators, and writes nothing to disk"
    level = "medium"
    audit = Audit.PRIVILEGE
    reference = "https://www.pgbouncer.org/config.html#admin_users"
    mend = "admin_users and stats_users empty; logfile empty, so that it logs to stderr."
    file = "/etc/pgbouncer/pgbouncer.ini"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = pgbouncer(subject)
        for name in ("admin_users", "stats_users", "logfile"):
            if stated.get(name):
                yield f"{name} is {stated.get(name)!r}"


policy = PgbouncerAdmins()
