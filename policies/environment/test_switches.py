"""CKV_SLIP_127."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, truthy

SWITCH = re.compile(
    r"(?:^|_)(?:TEST|TESTING|FAKE|MOCK|DUMMY|BYPASS|SANDBOX|STUB|DEMO)(?:_|$)"
    r"|(?:SKIP|DISABLE|NO)_(?:SMS|OTP|MFA|2FA|AUTH|VERIFY|VERIFICATION|TLS|SSL|CSRF|SIGNATURE)",
    re.IGNORECASE,
)


class TestSwitches(EnvironmentPolicy):
    """A bypass for tests, such as a number that needs no code, opens production to whoever read the tests."""

    id = "CKV_SLIP_127"
    name = "Test switches are off in production"
    level = "critical"
    audit = Audit.PLACEHOLDERS
    reference = "CWE-489: Active Debug Code"
    mend = "Take the variable out of the contract's env where slipway_production is true."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, value in subject.all_settings():
            off = value.strip().lower() in ("", "0", "false", "no", "off", "none")
            if subject.production and SWITCH.search(name) and (truthy(value) or not off):
                yield f"{where}: {name} is set"


policy = TestSwitches()
