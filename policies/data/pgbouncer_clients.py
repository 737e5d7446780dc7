"""CKV_SLIP_206."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import SECURE, pgbouncer
from policies.subjects import Spec


class PgbouncerClients(FilePolicy):
    """Applications show the pooler the password of their database."""

    id = "CKV_SLIP_206"
    name = "pgbouncer lets clients in by SCRAM over TLS"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "https://www.pgbouncer.org/config.html#authentication-settings"
    mend = "auth_type = scram-sha-256; client_tls_sslmode = require; client_tls_protocols = secure."
    file = "/etc/pgbouncer/pgbouncer.ini"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = pgbouncer(subject)
        if stated.get("auth_type") not in ("scram-sha-256", "cert"):
            yield f"auth_type is {stated.get('auth_type')!r}"
        if stated.get("client_tls_sslmode") not in ("require", "verify-ca", "verify-full"):
            yield f"client_tls_sslmode is {stated.get('client_tls_sslmode')!r}"
        if stated.get("client_tls_protocols", "secure") not in SECURE:
            yield f"client_tls_protocols is {stated.get('client_tls_protocols')!r}"
        for name, connection in stated.parser["databases"].items():
            if any(word.partition("=")[0] in ("user", "password", "auth_user") for word in connection.split()):
                yield f"whoever comes to {name} becomes somebody else"


policy = PgbouncerClients()
