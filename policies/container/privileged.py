"""CKV_SLIP_101."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class Unprivileged(ContainerPolicy):
    """A privileged container, or one with a host device, is root on the host in all but name."""

    id = "CKV_SLIP_101"
    name = "The container is not privileged and has no host device"
    level = "critical"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that privileged containers are not used; host devices are not exposed"
    mend = "State privileged: false (the baseline of roles/container does) and no devices."
    evaluates = "container/privileged"

    def problems(self, spec: Spec) -> Iterator[str]:
        if spec.container.get("privileged") is not False:
            yield f"privileged is {spec.container.get('privileged')!r}, not false"
        for option in ("devices", "device_requests", "device_cgroup_rules"):
            if spec.container.get(option):
                yield f"{option} gives host devices: {spec.container[option]}"


policy = Unprivileged()
