"""CKV_SLIP_160."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, DockerfilePolicy
from policies.subjects import Dockerfile

SECRET = re.compile(r"(?:SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL)\w*\s*[= ]\s*\S", re.IGNORECASE)


class ImageSecrets(DockerfilePolicy):
    """ENV and ARG are in the image's history, for whoever may pull it."""

    id = "CKV_SLIP_160"
    name = "No secret is in an image's ENV, ARG or LABEL, and none is copied in"
    level = "critical"
    audit = Audit.SECRETS
    reference = "CIS Docker Benchmark: Ensure secrets are not stored in Dockerfiles"
    mend = "Secrets come at run time, as files below /run/secrets."

    def problems(self, subject: Dockerfile) -> Iterator[str]:
        for entry in subject.instructions:
            if entry.name in ("ENV", "ARG", "LABEL") and SECRET.search(entry.value):
                yield f"line {entry.line}: {entry.name} holds a secret by its name"
            if entry.name in ("COPY", "ADD") and re.search(
                r"(?:^|[\s/])(?:\.env|id_rsa|.*\.key|.*\.pem)\b", entry.value
            ):
                yield f"line {entry.line}: {entry.name} {entry.value}"


policy = ImageSecrets()
