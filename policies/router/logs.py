"""CKV_SLIP_196."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import haproxy
from policies.subjects import Spec

# The request line, its path or its query string. https://docs.haproxy.org/3.0/configuration.html#8.2.6
PATHS = re.compile(r"%\+?Q?r\b|%HU\b|%HP\b|%HPO\b|%HQ\b|\bcapture\.req\.uri|\bpath\b|\burl\b|\bquery\b")


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
        for title, lines in haproxy(subject).sections.items():
            for line in lines:
                text = " ".join(line)
                if line[0] == "log-format" and PATHS.search(text):
                    yield f"{title}: log-format holds {PATHS.findall(text)[0]}"
                if text in ("option httplog", "option httpslog"):
                    yield f"{title}: {text} holds whole request lines"
                if line[0] == "log" and line[1] not in ("global", "stdout", "stderr"):
                    yield f"{title}: it logs to {line[1]}"


policy = RouterLogs()
