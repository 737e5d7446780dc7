"""CKV_SLIP_220."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, HostPolicy
from policies.subjects import Host


class Listeners(HostPolicy):
    """What is reachable is what gets attacked; a list of intentions is no list of sockets."""

    id = "CKV_SLIP_220"
    name = "Nothing of the environment but nginx listens beyond the private address"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "CIS Docker Benchmark: Ensure that incoming container traffic is bound to a specific host interface"
    mend = "Publish on slipway_bind_address or not at all."
    evaluates = "listeners"

    def problems(self, subject: Host) -> Iterator[str]:
        for entry in subject.listeners:
            private = entry["address"] in subject.private_addresses or str(entry["address"]).startswith("127.")
            if entry["environment"] == subject.environment and entry["service"] != "nginx" and not private:
                yield f"{entry['container']} listens on {entry['address']}:{entry['port']}"


policy = Listeners()
