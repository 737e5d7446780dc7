"""CKV_SLIP_155."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class Drift(ContainerPolicy):
    """What somebody changed by hand on a host is what nobody finds at three in the morning."""

    id = "CKV_SLIP_155"
    name = "What runs is what is stated: image and options, and it is healthy"
    level = "high"
    audit = Audit.DRIFT
    reference = "NIST SP 800-190, 3.4.5: rogue containers and drift"
    mend = "Run site.yml; find out who changed it."
    idle = "looks at running containers: LIVE=1"

    def concerns(self, subject: Spec) -> bool:
        return subject.live is not None

    def problems(self, subject: Spec) -> Iterator[str]:
        live = subject.live or {}
        if not live["stated"]:
            yield "nothing states this container: it is an orphan"
            return
        if subject.label("spec") != live["stated"]["spec"]:
            yield "its options differ from what is stated (label slipway.spec)"
        if live["image"] != live["stated"]["image"]:
            yield f"it runs image {live['image'][:19]}, and {live['stated']['image'][:19]} is stated"
        if live["status"] != "running":
            yield f"it is {live['status']}"
        if live["health"] not in ("healthy", "none"):
            yield f"it is {live['health']}"


policy = Drift()
