"""CKV_SLIP_157."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, DockerfilePolicy
from policies.subjects import Dockerfile

#: What other images are built on, or in: nothing runs of them, and installing packages is what they are for.
FOUNDATIONS = {f"roles/image/files/{name}/Dockerfile" for name in ("base", "build", "build-packages")}


class ImageUser(DockerfilePolicy):
    """A process that is root in its container is root on the host once it gets out."""

    id = "CKV_SLIP_157"
    name = "An image's user is a number, and not root's"
    level = "high"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that a user for the container has been created"
    mend = "USER 10100:10100 as one of the last instructions; a name may mean root in another image."

    def concerns(self, subject: Dockerfile) -> bool:
        return subject.path not in FOUNDATIONS

    def problems(self, subject: Dockerfile) -> Iterator[str]:
        users = [entry for entry in subject.final if entry.name == "USER"]
        if not users:
            yield "there is no USER"
        elif not re.fullmatch(r"[1-9]\d*(?::[1-9]\d*)?", users[-1].value):
            yield f"line {users[-1].line}: USER {users[-1].value}"


policy = ImageUser()
