"""CKV_SLIP_140."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment


class PrivateAddresses(EnvironmentPolicy):
    """Data services are published on this address wherever there are several hosts."""

    id = "CKV_SLIP_140"
    name = "Hosts talk to each other on private addresses"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "RFC 1918, RFC 4193; CIS Docker Benchmark: bind to a specific host interface"
    mend = "slipway_bind_address: the host's address on the private network."
    evaluates = "addresses"

    def problems(self, subject: Environment) -> Iterator[str]:
        for host, text in subject.addresses.items():
            address = ipaddress.ip_address(text)
            if address.is_unspecified or not address.is_private:
                yield f"{host}: {text} is not a private address"
            elif address.is_loopback and len(subject.addresses) > 1:
                yield f"{host}: no other host reaches {text}"


policy = PrivateAddresses()
