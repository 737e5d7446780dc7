"""CKV_SLIP_196."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import haproxy
from policies.subjects import Spec

# What a log-format holds, such as %ST, %{+Q}r or %[src]. https://docs.haproxy.org/3.0/configuration.html#8.2.6
FIELD = re.compile(r"%(?:\{[^}]*\})?(?:\[(?P<fetch>[^\]]*)\]|(?P<alias>[A-Za-z]+))")
#: What tells no secret. Anything else may: it fails until somebody has looked at it and put it here.
ALIASES = frozenset(
    "B Bi Bp H HM HV ID ST T Ta Tc Td Th Ti Tl TQ Tq TR Tr Ts Tt Tu Tw U ac b bc bi bp bq ci cp f fc fi fp ft lc ms"
    " pid rc rt s sc si sp sq sslc sslv t tr trg trl ts tsc".split()
)
#: capture.req.hdr(0) is the request id: what is captured is looked at below.
FETCHES = ("date", "capture.req.hdr(0)", "unique-id", "src", "dst", "var(txn.route)")
FORMATS = ("log-format", "log-format-sd", "error-log-format")
CAPTURED = re.compile(r"x-request-id", re.IGNORECASE)


def _telling(text: str) -> list[str]:
    """The fields of a format that nobody has said to be harmless."""
    return [
        field[0]
        for field in FIELD.finditer(text.replace("%%", ""))
        if (field["alias"] or "B") not in ALIASES or (field["fetch"] or "date").split(",")[0] not in FETCHES
    ]


class RouterLogs(FilePolicy):
    """The router sees every path and token before anybody masked them."""

    id = "CKV_SLIP_196"
    name = "The router logs to stdout, and no paths"
    level = "high"
    audit = Audit.TOKENS
    reference = "OWASP Logging Cheat Sheet: data to exclude"
    mend = "log stdout format raw local0, and a log-format without %r, %HU, %HP and %HQ; no option httplog."
    file = "/etc/haproxy/haproxy.cfg"

    def problems(self, subject: Spec) -> Iterator[str]:
        sections = haproxy(subject).sections
        if not any(line[0] == "log" for line in sections["global"]):
            yield "global: it logs nowhere"
        for title, lines in sections.items():
            for line in lines:
                text = " ".join(line)
                if line[0] in FORMATS and (fields := _telling(text)):
                    yield f"{title}: {line[0]} holds {', '.join(fields)}"
                if ("capture" in line[:2] and line[0] != "declare") and not CAPTURED.search(text):
                    yield f"{title}: '{text}' puts into the log what the request brings"
                if text in ("option httplog", "option httpslog"):
                    yield f"{title}: {text} holds whole request lines"
                if line[0] == "log" and line[1] not in ("global", "stdout", "stderr"):
                    yield f"{title}: it logs to {line[1]}"


policy = RouterLogs()
