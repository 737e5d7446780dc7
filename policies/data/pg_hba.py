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
        stated = document(subject, self.file)["postgresql"]
        lines = stated["pg_hba"]
        if "hba_file" in stated["parameters"]:
            yield f"hba_file is {stated['parameters']['hba_file']}: the list here is not read"
        accounts = {name: account["username"] for name, account in stated["authentication"].items()}
        if not lines:
            yield "pg_hba is empty"
        for line in lines:
            words = line.replace('"', "").split()
            kind, method = words[0], next((word for word in reversed(words) if "=" not in word), "")
            if kind not in METHODS:
                yield f"'{line}' lets connections in without TLS"
            elif method not in METHODS[kind]:
                yield f"'{line}' asks for {method}"
            if method == "reject":
                continue
            databases, roles = (set(word.split(",")) for word in words[1:3])
            if "all" in databases and "all" in roles:
                yield f"'{line}' lets every role into every database"
            if kind != "local" and accounts["superuser"] in roles:
                yield f"'{line}' lets the superuser in over the network"
            if "replication" in databases and roles != {accounts["replication"]}:
                yield f"'{line}' lets others than {accounts['replication']} copy everything"


policy = PgHba()
