"""CKV_SLIP_122."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, parts, truthy

EVERYTHING = re.compile(r"ALLOW_?ALL|ALLOW_ANY", re.IGNORECASE)
REGEX_OF_ALL = re.compile(r"\^?(?:https?\??:?//)?\(?\.[*+]\)?\$?")


class Cors(EnvironmentPolicy):
    """An open or reflected origin lets any page read, with the visitor's own session."""

    id = "CKV_SLIP_122"
    name = "Cross-origin requests are allowed from named origins only"
    level = "high"
    audit = Audit.HEADERS
    reference = "OWASP HTML5 Security Cheat Sheet: Cross Origin Resource Sharing"
    mend = "List origins with scheme and host; no *, no pattern that matches all, no allow-all switch."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, value in subject.all_settings():
            if "CORS" not in name.upper():
                continue
            if EVERYTHING.search(name) and truthy(value):
                yield f"{where}: {name} is {value}"
            if "ORIGIN" in name.upper():
                yield from (
                    f"{where}: {name} allows {origin}"
                    for origin in parts(value)
                    if origin in ("*", "null", "reflect") or REGEX_OF_ALL.fullmatch(origin)
                )


policy = Cors()
