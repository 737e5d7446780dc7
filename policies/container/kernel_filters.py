"""CKV_SLIP_114."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

OFF = frozenset({"seccomp:unconfined", "apparmor:unconfined", "label:disable", "systempaths:unconfined"})


class KernelFilters(ContainerPolicy):
    """Docker's seccomp profile blocks the system calls most container escapes need; unconfined hands them back."""

    id = "CKV_SLIP_114"
    name = "The kernel's filters stay on"
    level = "high"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that the default seccomp profile is not disabled"
    mend = "Leave seccomp, AppArmor and masked paths at Docker's defaults."
    evaluates = "container/security_opts"

    def problems(self, spec: Spec) -> Iterator[str]:
        for option in spec.names("security_opts"):
            if option.replace("=", ":", 1).lower() in OFF:
                yield f"security option {option} switches a filter off"


policy = KernelFilters()
