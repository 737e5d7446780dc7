"""CKV_SLIP_143."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

SECRET = re.compile(
    r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:$|_KEY$)", re.IGNORECASE
)
IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


class SecretsInEnv(EnvironmentPolicy):
    """What is in an inventory's plain env is in the repository, in docker inspect and in every crash report."""

    id = "CKV_SLIP_143"
    name = "No secret stands in an application's plain env"
    level = "critical"
    audit = Audit.SECRETS
    reference = "OWASP Secrets Management Cheat Sheet; CWE-526"
    mend = "Move it under the contract's secrets: the entrypoint hands it to the process all the same."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, value in subject.all_settings():
            if IN_URL.search(value):
                yield f"{where}: {name} has a password in its URL"
            elif SECRET.search(name) and value and not value.startswith("/"):
                yield f"{where}: {name} is a secret by its name"


policy = SecretsInEnv()
