"""CKV_SLIP_161."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, DockerfilePolicy
from policies.subjects import Dockerfile

UNCHECKED = re.compile(
    r"curl\b[^&|;]*\s(?:-\w*k\w*|--insecure)\b|--trusted-host|--no-check-certificate|--allow-unauthenticated"
    r"|--allow-insecure|AllowInsecureRepositories|sslverify\s*=?\s*false|NODE_TLS_REJECT_UNAUTHORIZED|\bhttp://(?!build\.invalid)",
    re.IGNORECASE,
)
PIPED = re.compile(r"(?:curl|wget)\b[^&;]*\|\s*(?:ba|da)?sh\b")


class Downloads(DockerfilePolicy):
    """A download that nobody verified is whatever somebody on the way wanted it to be."""

    id = "CKV_SLIP_161"
    name = "No build switches verification off, or runs what it downloads"
    level = "critical"
    audit = Audit.PLAINTEXT
    reference = "SLSA: build requirements; hadolint DL4006"
    mend = "Give the build stage the proxy's authority (image `build` has it); install by package managers."

    def problems(self, subject: Dockerfile) -> Iterator[str]:
        for entry in subject.instructions:
            for pattern in (UNCHECKED, PIPED):
                if match := pattern.search(entry.value):
                    yield f"line {entry.line}: {match[0]}"


policy = Downloads()
