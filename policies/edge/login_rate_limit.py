"""CKV_SLIP_183."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

GUESSED = re.compile(r"log-?in|sign-?in|token|sms|otp|passw|auth|verif|regist|sign-?up", re.IGNORECASE)
SLOW = re.compile(r"rate=(?:\d+r/m|1r/s)")


class LoginRateLimit(FilePolicy):
    """Passwords, codes and tokens are guessed at the speed that the front door allows; texts by SMS cost money."""

    id = "CKV_SLIP_183"
    name = "Paths where something can be guessed are slow"
    level = "high"
    audit = Audit.EXPOSURE
    reference = "OWASP Authentication Cheat Sheet: protect against automated attacks"
    mend = "Give such a route rate_limit: login in the contract, and every other one rate_limit: default."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        slow = {
            argument.removeprefix("zone=").partition(":")[0]
            for zone in configuration.http.own("limit_req_zone")
            if SLOW.search(str(zone))
            for argument in zone.args
            if argument.startswith("zone=")
        }
        for location in configuration.proxied():
            zones = {entry.args[0].removeprefix("zone=") for entry in location.effective("limit_req")}
            if not zones:
                yield f"line {location.line}: {location} has no rate limit"
            elif GUESSED.search(location.args[-1]) and not zones & slow:
                yield f"line {location.line}: {location} is not limited by a slow zone ({', '.join(sorted(slow))})"


policy = LoginRateLimit()
