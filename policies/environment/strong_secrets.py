"""CKV_SLIP_124."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment


class StrongSecrets(EnvironmentPolicy):
    """A default or a word that stands where a secret should be is the first thing that is tried."""

    id = "CKV_SLIP_124"
    name = "No secret is a placeholder, short or a pattern"
    level = "critical"
    audit = Audit.PLACEHOLDERS
    reference = "OWASP Secrets Management Cheat Sheet; CWE-1392: Use of Default Credentials"
    mend = "Put random values into the environment's vault, or let the kit make them up."
    evaluates = "secrets"

    def problems(self, subject: Environment) -> Iterator[str]:
        yield from (f"{name} {facts['problem']}" for name, facts in subject.secrets.items() if facts["problem"])


policy = StrongSecrets()
