"""CKV_SLIP_205."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import SECURE, pgbouncer
from policies.subjects import Spec


class PgbouncerServerTls(FilePolicy):
    """A pooler that does not check who answers hands every password of its applications to whoever does."""

    id = "CKV_SLIP_205"
    name = "pgbouncer verifies the database by name, over TLS"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "https://www.pgbouncer.org/config.html#tls-settings"
    mend = "server_tls_sslmode = verify-full with server_tls_ca_file."
    file = "/etc/pgbouncer/pgbouncer.ini"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = pgbouncer(subject)
        if stated.get("server_tls_sslmode") != "verify-full":
            yield f"server_tls_sslmode is {stated.get('server_tls_sslmode')!r}"
        if not stated.get("server_tls_ca_file"):
            yield "server_tls_ca_file is not stated"
        if stated.get("server_tls_protocols", "secure") not in SECURE:
            yield f"server_tls_protocols is {stated.get('server_tls_protocols')!r}"


policy = PgbouncerServerTls()
