"""CKV_SLIP_198."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import document
from policies.subjects import Spec

METHODS = {"local": {"peer", "reject"}, "hostssl": {"scram-sha-256", "cert", "reject"}}


class PgHba(FilePolicy):
    """One line with trust lets in whoever reaches the port; one with host sends passwords and data in the clear."""

    id = "CKV_SLIP_198"
    name = "Postgres lets nobody in without SCRAM over TLS"
    level = "critical"
    audit = Audit.PLAINTEXT
    reference = (
        "https://www.postgresql.org/docs/17/auth-pg-hba-conf.html; CIS PostgreSQL Benchmark: client authentication"
    )
    mend = "hostssl DATABASE ROLE ADDRESS scram-sha-256; local lines by peer. Anybody else finds no line."
    file = "/etc/patroni/patroni.yml"

    def problems(self, subject: Spec) -> Iterator[str]:
        lines = document(subject, self.file)["postgresql"]["pg_hba"]
        if not lines:
            yield "pg_hba is empty"
        for line in lines:
            words = line.split()
            kind, method = words[0], next((word for word in reversed(words) if "=" not in word), "")
            if kind not in METHODS:
                yield f"'{line}' lets connections in without TLS"
            elif method not in METHODS[kind]:
                yield f"'{line}' asks for {method}"
            if words[1:3] == ["all", "all"]:
                yield f"'{line}' lets every role into every database"


policy = PgHba()
