"""CKV_SLIP_123."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, parts


class CsrfOrigins(EnvironmentPolicy):
    """An origin over plain HTTP can be anybody on the way."""

    id = "CKV_SLIP_123"
    name = "Trusted origins are https only, without wildcards"
    level = "high"
    audit = Audit.HEADERS
    reference = "https://docs.djangoproject.com/en/5.2/ref/settings/#csrf-trusted-origins"
    mend = "CSRF_TRUSTED_ORIGINS: https://NAME[:PORT], one for each domain."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, value in subject.all_settings():
            if "TRUSTED_ORIGIN" in name.upper() or "CSRF_ORIGIN" in name.upper():
                for origin in parts(value):
                    if not origin.startswith("https://") or "*" in origin:
                        yield f"{where}: {name} trusts {origin}"


policy = CsrfOrigins()
