"""CKV_SLIP_151."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

VARIABLE = re.compile(r"LOG_?(?:FILE|FILENAME|DIR|DIRECTORY|PATH)$", re.IGNORECASE)
OPTION = re.compile(
    r"--?(?:access-?log(?:file)?|error-?log(?:file)?|log-?file|logfile|log-?to|pidlog)(?:=(?P<value>.+))?$"
)
STREAMS = {"-", "/dev/stdout", "/dev/stderr", "stdout", "stderr", "/dev/null", ""}


class StdoutLogs(ContainerPolicy):
    """A log in a file vanishes with its container, and fills its disk before."""

    id = "CKV_SLIP_151"
    name = "Processes log to stdout and stderr, not to files"
    level = "medium"
    audit = Audit.LOGS
    reference = "The Twelve-Factor App: XI. Logs"
    mend = "Take the option or the variable out, or give it - or /dev/stdout."

    def problems(self, subject: Spec) -> Iterator[str]:
        for name, value in (subject.container.get("env") or {}).items():
            if VARIABLE.search(str(name)) and str(value) not in STREAMS:
                yield f"{name} is {value}"
        words = subject.words
        for place, word in enumerate(words):
            match = OPTION.match(word)
            if match:
                value = match["value"] or (words[place + 1] if place + 1 < len(words) else "")
                if value not in STREAMS:
                    yield f"{word} leads to {value}"


policy = StdoutLogs()
