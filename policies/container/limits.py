"""CKV_SLIP_108."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec
from policies.units import size

PIDS_MAX = 4096


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


class Limits(ContainerPolicy):
    """Without limits one container's leak or fork bomb takes every other service of the host with it."""

    id = "CKV_SLIP_108"
    name = "Memory, CPU and processes are limited"
    level = "medium"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that memory, CPU and PIDs cgroup limits are used"
    mend = "State memory, cpus and pids in the spec, or keep the baseline's."
    evaluates = "container"

    def problems(self, spec: Spec) -> Iterator[str]:
        if size(spec.container.get("memory")) <= 0:
            yield f"memory is {spec.container.get('memory')!r}"
        if _number(spec.container.get("cpus")) <= 0:
            yield f"cpus is {spec.container.get('cpus')!r}"
        pids = _number(spec.container.get("pids_limit"))
        if not 0 < pids <= PIDS_MAX:
            yield f"pids_limit is {spec.container.get('pids_limit')!r}, not between 1 and {PIDS_MAX}"


policy = Limits()
