"""CKV_SLIP_162."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies import end_of_life
from policies.base import Audit, DockerfilePolicy
from policies.subjects import Dockerfile


class BaseImage(DockerfilePolicy):
    """A base that moves builds something else tomorrow; one at its end of life gets no fixes."""

    id = "CKV_SLIP_162"
    name = "Images build on a named, maintained base"
    level = "high"
    audit = Audit.OUTDATED
    reference = "CIS Docker Benchmark: use trusted base images; policies/end_of_life.yml"
    mend = "FROM ${BASE} of the kit, or a tag with a version, better a digest, that is maintained."

    def bases(self, subject: Dockerfile) -> Iterator[tuple[int, str]]:
        stages = {"scratch"}
        for entry in subject.all("FROM"):
            words = entry.value.split()
            image = next(word for word in words if not word.startswith("--"))
            if image not in stages and not image.startswith("$"):
                yield entry.line, image
            stages |= {words[-1]} if "as" in map(str.lower, words) else set()

    def problems(self, subject: Dockerfile) -> Iterator[str]:
        for line, image in self.bases(subject):
            name, _, tag = image.rpartition("/")[2].partition(":")
            if "@sha256:" not in image and (not tag or tag == "latest"):
                yield f"line {line}: FROM {image} moves"
            if ended := end_of_life.ended(name, _version(name, tag)):
                yield f"line {line}: {image} {ended}"

    def warnings(self, subject: Dockerfile) -> Iterator[str]:
        for line, image in self.bases(subject):
            name, _, tag = image.rpartition("/")[2].partition(":")
            if ending := end_of_life.ending(name, _version(name, tag)):
                yield f"line {line}: {image} {ending}"


def _version(name: str, tag: str) -> str:
    release = next((word for word in re.split(r"[-@]", tag) if word in end_of_life.RELEASES), "")
    number = re.match(r"\d+(?:\.\d+)?", tag)
    if name == "debian" and release:
        return end_of_life.RELEASES[release]
    return number[0] if number else "999"


policy = BaseImage()
