"""CKV_SLIP_125."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment


class DistinctSecrets(EnvironmentPolicy):
    """One password for two services makes the loss of one the loss of both."""

    id = "CKV_SLIP_125"
    name = "Every service has a secret of its own"
    level = "high"
    audit = Audit.SECRETS
    reference = "OWASP Secrets Management Cheat Sheet"
    mend = "Give each name a value of its own in the vault."
    evaluates = "secrets"

    def problems(self, subject: Environment) -> Iterator[str]:
        for name, facts in subject.secrets.items():
            if facts["same_as"]:
                yield f"{name} has the value of {', '.join(facts['same_as'])}"


policy = DistinctSecrets()
