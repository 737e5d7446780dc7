"""CKV_SLIP_102."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

# What a container may have back. Every service of the kit listens above 1024 and starts as its own user, so the list
# has one entry, for applications that insist on a low port.
ALLOWED = frozenset({"NET_BIND_SERVICE"})


class CapabilitiesDropped(ContainerPolicy):
    """Each Linux capability is a piece of root. A network service that starts as its own user needs none of them."""

    id = "CKV_SLIP_102"
    name = "All capabilities are dropped and only listed ones come back"
    level = "high"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that Linux kernel capabilities are restricted within containers"
    mend = f"Drop ALL; add nothing but {', '.join(sorted(ALLOWED))}."
    evaluates = "container/cap_drop"

    def problems(self, spec: Spec) -> Iterator[str]:
        if "ALL" not in {entry.upper() for entry in spec.names("cap_drop")}:
            yield f"cap_drop is {spec.names('cap_drop')}, without ALL"
        added = {entry.upper().removeprefix("CAP_") for entry in spec.names("capabilities")}
        for capability in sorted(added - ALLOWED):
            yield f"capability {capability} is added"


policy = CapabilitiesDropped()
