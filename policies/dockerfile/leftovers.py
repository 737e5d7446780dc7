"""CKV_SLIP_163."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, DockerfilePolicy
from policies.subjects import Dockerfile


class Leftovers(DockerfilePolicy):
    """Lists and caches of packages are weight; setuid programs and sudo are ways to become root."""

    id = "CKV_SLIP_163"
    name = "Images keep no package lists, caches, setuid programs or sudo"
    level = "medium"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure setuid and setgid permissions are removed; hadolint DL3009, DL3004"
    mend = "install-packages NAME … of the kit's base does it; otherwise remove /var/lib/apt/lists in the same RUN."

    def problems(self, subject: Dockerfile) -> Iterator[str]:
        for entry in subject.all("RUN"):
            installs = re.search(r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\b", entry.value)
            if installs and "/var/lib/apt/lists" not in entry.value:
                yield f"line {entry.line}: package lists stay"
            if re.search(r"\bchmod\s+(?:\S*\+\S*s\b|[2467]\d{3}\b)", entry.value):
                yield f"line {entry.line}: it makes a setuid program"
            if re.search(r"\bsudo\b", entry.value):
                yield f"line {entry.line}: sudo"
        for entry in subject.final:
            if entry.name == "RUN" and re.search(r"\bpip3?\s+install\b(?!.*--no-cache-dir)", entry.value):
                yield f"line {entry.line}: pip's cache stays"


policy = Leftovers()
