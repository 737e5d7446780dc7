"""CKV_SLIP_105."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class ReadOnlyRoot(ContainerPolicy):
    """On a read-only root an intruder leaves no program behind, and every place a service writes to is named."""

    id = "CKV_SLIP_105"
    name = "The root filesystem is read-only"
    level = "high"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that the container's root filesystem is mounted as read only"
    mend = "State read_only: true and give what must be written a tmpfs or a volume."
    evaluates = "container/read_only"
    relaxed_by = frozenset({"read_only"})

    def problems(self, spec: Spec) -> Iterator[str]:
        if spec.container.get("read_only") is not True:
            yield f"read_only is {spec.container.get('read_only')!r}, not true"


policy = ReadOnlyRoot()
