"""CKV_SLIP_129."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, truthy

ON = re.compile(r"COOKIE_(?:SECURE|HTTPONLY)$", re.IGNORECASE)
SAME_SITE = re.compile(r"COOKIE_SAMESITE$", re.IGNORECASE)


class Cookies(EnvironmentPolicy):
    """A session cookie that goes out in the clear, to scripts or to other sites is whoever picks it up."""

    id = "CKV_SLIP_129"
    name = "Cookies of sessions are Secure, HttpOnly and SameSite"
    level = "high"
    audit = Audit.HEADERS
    reference = "OWASP Session Management Cheat Sheet: cookies"
    mend = "Leave the framework's …COOKIE_SECURE and …COOKIE_HTTPONLY on and …COOKIE_SAMESITE at Lax or Strict."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, value in subject.all_settings():
            # Scripts of the application itself read the CSRF cookie; that is how it is meant.
            readable = name.upper().endswith("CSRF_COOKIE_HTTPONLY")
            if ON.search(name) and not truthy(value) and not readable:
                yield f"{where}: {name} is {value}"
            if SAME_SITE.search(name) and value.strip().lower() not in ("lax", "strict"):
                yield f"{where}: {name} is {value}"


policy = Cookies()
