"""CKV_SLIP_183."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import Directive, Nginx, nginx
from policies.subjects import Spec

GUESSED = re.compile(r"log-?in|sign-?in|token|sms|otp|passw|auth|verif|regist|sign-?up", re.IGNORECASE)
RATE = re.compile(r"rate=(\d+)r/([sm])")
PER_MINUTE = 60
AT_ONCE = 20


def _slow(configuration: Nginx, zone: Directive) -> bool:
    """Whether a zone counts by the client's address, and lets one through a second at most."""
    rate = RATE.search(str(zone))
    keyed = any("remote_addr" in value for value in configuration.values(zone.args[0]))
    return keyed and rate is not None and int(rate[1]) * (60 if rate[2] == "s" else 1) <= PER_MINUTE


def _burst(limit: Directive) -> int:
    return next((int(word.removeprefix("burst=")) for word in limit.args if word.startswith("burst=")), 0)


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
            if _slow(configuration, zone)
            for argument in zone.args
            if argument.startswith("zone=")
        }
        for entry in configuration.http.all("limit_req_dry_run"):
            if entry.args == ("on",):
                yield f"line {entry.line}: {entry} counts and lets through"
        for location in configuration.proxied():
            limits = location.effective("limit_req")
            # A burst that lets a day of guesses through at once is no limit.
            zones = {entry.args[0].removeprefix("zone="): _burst(entry) <= AT_ONCE for entry in limits}
            if not zones:
                yield f"line {location.line}: {location} has no rate limit"
            elif GUESSED.search(location.args[-1]) and not any(zones.get(zone) for zone in slow):
                yield f"line {location.line}: {location} is not limited by a slow zone ({', '.join(sorted(slow))})"


policy = LoginRateLimit()
