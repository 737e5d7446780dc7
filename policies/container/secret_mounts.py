"""CKV_SLIP_156."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class SecretMounts(ContainerPolicy):
    """A secret file that others may read, or that a process may change, is a secret no more."""

    id = "CKV_SLIP_156"
    name = "Secret files are readable by their process only"
    level = "high"
    audit = Audit.SECRETS
    reference = "OWASP Secrets Management Cheat Sheet; CIS Docker Benchmark: file permissions"
    mend = "files: {secret: true} without a mode, or with mode 0400."
    evaluates = "files"

    def problems(self, subject: Spec) -> Iterator[str]:
        for file in subject.files:
            if file["secret"] and int(str(file["mode"]), 8) & 0o077:
                yield f"{file['path']} has mode {file['mode']}"
        for mount in subject.container.get("mounts") or []:
            if str(mount.get("target", "")).startswith("/run/secrets") and not mount.get("read_only"):
                yield f"{mount['target']} can be written"


policy = SecretMounts()
