"""CKV_SLIP_159."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, DockerfilePolicy
from policies.subjects import Dockerfile


class RemoteAdd(DockerfilePolicy):
    """ADD of an address brings whatever it serves that day, unpacked and unchecked."""

    id = "CKV_SLIP_159"
    name = "No image takes files from addresses by ADD"
    level = "medium"
    audit = Audit.DRIFT
    reference = "CIS Docker Benchmark: Ensure that COPY is used instead of ADD"
    mend = "COPY files of the build context; packages by their package manager."

    def problems(self, subject: Dockerfile) -> Iterator[str]:
        yield from (f"line {entry.line}: ADD {entry.value}" for entry in subject.all("ADD"))


policy = RemoteAdd()
