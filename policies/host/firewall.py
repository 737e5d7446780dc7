"""CKV_SLIP_226."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from policies.base import Audit, HostPolicy
from policies.subjects import Host


class Firewall(HostPolicy):
    """A password is no reason to let the whole network try; and Docker opens ports past other firewalls."""

    id = "CKV_SLIP_226"
    name = "What hosts publish for each other is closed to everybody else"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = (
        "CIS Docker Benchmark: network segmentation; https://docs.docker.com/engine/network/packet-filtering-firewalls/"
    )
    mend = "Run site.yml (playbooks/firewall.yml does only that); look for who changed the table of nftables."
    evaluates = "listeners"

    def problems(self, subject: Host) -> Iterator[str]:
        doors = subject.effective["firewall"]
        for entry in subject.listeners:
            address = str(entry["address"])
            shared = address in subject.private_addresses and not ipaddress.ip_address(address).is_loopback
            if entry["environment"] != subject.environment or entry["service"] == "nginx" or not shared:
                continue
            where = f"{entry['container']}: port {entry['port']}"
            if str(entry["port"]) not in doors:
                yield f"{where} is open to whoever reaches {address}"
            for source in doors.get(str(entry["port"]), []):
                if source not in subject.peers:
                    yield f"{where} lets {source} in"


policy = Firewall()
