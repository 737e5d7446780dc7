"""CKV_SLIP_158."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, DockerfilePolicy
from policies.subjects import Dockerfile


class ImageHealth(DockerfilePolicy):
    """An image that is run without the kit should say when it is ill as well."""

    id = "CKV_SLIP_158"
    name = "Every image says how to ask for its health, or that its contract does"
    level = "medium"
    audit = Audit.BLIND
    reference = "CIS Docker Benchmark: Ensure that HEALTHCHECK instructions have been added to container images"
    mend = "HEALTHCHECK with a command that asks the service; NONE for a base."

    def problems(self, subject: Dockerfile) -> Iterator[str]:
        if not any(entry.name == "HEALTHCHECK" for entry in subject.final):
            yield "there is no HEALTHCHECK in the last stage"


policy = ImageHealth()
