"""CKV_SLIP_136."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

MOVING = re.compile(r"latest|main|master|head|stable|edge|nightly|dev(?:elop)?|test|staging|production", re.IGNORECASE)


class Versions(EnvironmentPolicy):
    """A name that moves runs something else tomorrow, and there is nothing to go back to."""

    id = "CKV_SLIP_136"
    name = "Every application states a version that does not move"
    level = "high"
    audit = Audit.DRIFT
    reference = "SLSA: immutable references; CIS Docker Benchmark: image versions"
    mend = "State version: a number or a commit; image.reference by digest or by such a tag."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, contract in subject.applications.items():
            version = str(contract["version"])
            if not version or MOVING.fullmatch(version):
                yield f"{application}: version is {version!r}"
            reference = str(contract["image"].get("reference") or "")
            if reference and "@sha256:" not in reference:
                tag = reference.rpartition("/")[2].partition(":")[2]
                if not tag or MOVING.fullmatch(tag):
                    yield f"{application}: image {reference} moves"


policy = Versions()
