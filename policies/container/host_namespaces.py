"""CKV_SLIP_106."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

NAMESPACES = ("network_mode", "pid_mode", "ipc_mode", "uts", "userns_mode", "cgroupns_mode")


class OwnNamespaces(ContainerPolicy):
    """A namespace shared with the host, or with another container, is a wall left out."""

    id = "CKV_SLIP_106"
    name = "The container shares no namespace"
    level = "critical"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that the host's network, PID, IPC, UTS and user namespaces are not shared"
    mend = "Leave network, pid, ipc, uts, userns and cgroupns modes to Docker, and attach to a named network."
    evaluates = "container"

    def problems(self, spec: Spec) -> Iterator[str]:
        for option in NAMESPACES:
            mode = str(spec.container.get(option) or "")
            if mode == "host" or mode.startswith("container:") or mode == "shareable":
                yield f"{option} is {mode}"
        if "host" in [str(network.get("name")) for network in spec.container.get("networks") or []]:
            yield "it is attached to the host's network"


policy = OwnNamespaces()
