"""CKV_SLIP_131."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

SQLITE = re.compile(r"sqlite|\.db$|\.sqlite3?$", re.IGNORECASE)


class Sqlite(EnvironmentPolicy):
    """A database in a file of one container is on no other host, in no backup, and gone with the container."""

    id = "CKV_SLIP_131"
    name = "No SQLite outside development"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://www.sqlite.org/whentouse.html"
    mend = "State database in the contract."

    def problems(self, subject: Environment) -> Iterator[str]:
        if subject.production:
            for where, name, value in subject.all_settings():
                if SQLITE.search(value):
                    yield f"{where}: {name} names a SQLite database"


policy = Sqlite()
