"""CKV_SLIP_200."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import document
from policies.subjects import Spec


class PasswordEncryption(FilePolicy):
    """An MD5 hash of a password is as good as the password to whoever reads it from a backup."""

    id = "CKV_SLIP_200"
    name = "Postgres keeps passwords as SCRAM verifiers"
    level = "high"
    audit = Audit.SECRETS
    reference = "https://www.postgresql.org/docs/17/auth-password.html"
    mend = "parameters: password_encryption: scram-sha-256."
    file = "/etc/patroni/patroni.yml"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = document(subject, self.file)["postgresql"]["parameters"].get("password_encryption")
        if stated != "scram-sha-256":
            yield f"password_encryption is {stated!r}"


policy = PasswordEncryption()
