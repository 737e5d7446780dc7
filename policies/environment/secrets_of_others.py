"""CKV_SLIP_126."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment


class SecretsOfOthers(EnvironmentPolicy):
    """A secret of staging that opens production makes every laptop part of production."""

    id = "CKV_SLIP_126"
    name = "No secret is shared with another environment"
    level = "high"
    audit = Audit.SECRETS
    reference = "OWASP Secrets Management Cheat Sheet: separate environments"
    mend = "Make new values for one of the two environments."
    evaluates = "secrets"

    def problems(self, subject: Environment) -> Iterator[str]:
        for name, facts in subject.secrets.items():
            if facts["same_in"]:
                yield f"{name} has a value of environment {', '.join(facts['same_in'])}"


policy = SecretsOfOthers()
