"""CKV_SLIP_144."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies import end_of_life
from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment


class EndOfLife(EnvironmentPolicy):
    """What gets no security updates any more is only a matter of time."""

    id = "CKV_SLIP_144"
    name = "Base and runtimes of the images get security updates"
    level = "high"
    audit = Audit.OUTDATED
    reference = "policies/end_of_life.yml, with the source of each date"
    mend = "Move to a version that is maintained; for the kit's own images, slipway_image_platform."
    evaluates = "platform"

    def found(self, subject: Environment) -> Iterator[tuple[str, str, str]]:
        """Where, product and version of all that an environment says it runs on."""
        yield from (("the kit's images", product, version) for product, version in subject.platform.items())
        for application, contract in subject.applications.items():
            build = contract["image"].get("build") or {}
            if build.get("debian"):
                yield application, "debian", str(build["debian"])
            match = re.search(r"([a-z]+):(\d+(?:\.\d+)?)", str(contract["image"].get("reference") or ""))
            if match:
                yield application, match[1], match[2]

    def problems(self, subject: Environment) -> Iterator[str]:
        if not subject.platform:
            yield "the environment does not say what its images are made of"
        for where, product, version in self.found(subject):
            if ended := end_of_life.ended(product, version):
                yield f"{where}: {product} {version} {ended}"

    def warnings(self, subject: Environment) -> Iterator[str]:
        for where, product, version in self.found(subject):
            if ending := end_of_life.ending(product, version):
                yield f"{where}: {product} {version} {ending}"


policy = EndOfLife()
