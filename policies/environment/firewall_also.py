"""CKV_SLIP_145."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

LARGEST = 256


class FirewallAlso(EnvironmentPolicy):
    """A monitoring server has an address; a network has whoever joins it."""

    id = "CKV_SLIP_145"
    name = "The firewall lets in named hosts, and no large or public network"
    level = "high"
    audit = Audit.EXPOSURE
    reference = "NIST SP 800-41: deny by default, permit what is necessary"
    mend = "firewall_also: the private addresses of the few hosts that have business there, one by one."
    evaluates = "firewall_also"

    def problems(self, subject: Environment) -> Iterator[str]:
        for text in subject.firewall_also:
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                yield f"{text!r} is no address"
                continue
            if not network.is_private:
                yield f"{text} is public"
            elif network.num_addresses > LARGEST:
                yield f"{text} has {network.num_addresses} addresses"


policy = FirewallAlso()
