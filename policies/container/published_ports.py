"""CKV_SLIP_110."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

PUBLIC_SERVICES = frozenset({"nginx"})


def address(port: str) -> str:
    """The address of ``[address:]host:container[/proto]``, empty where none is given.

    >>> address("10.0.0.5:5432:5432"), address("[::1]:80:80"), address("443:8443")
    ('10.0.0.5', '::1', '')
    """
    if port.startswith("["):
        return port[1:].partition("]")[0]
    parts = port.partition("/")[0].split(":")
    return parts[0] if len(parts) == 3 else ""


def _is_private(text: str) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return found.is_private and not found.is_unspecified


class OnlyNginxIsPublic(ContainerPolicy):
    """Databases and brokers that answer the internet are found within hours; nothing but nginx has a reason to."""

    id = "CKV_SLIP_110"
    name = "Only nginx publishes beyond the private address"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "CIS Docker Benchmark: Ensure that incoming container traffic is bound to a specific host interface"
    mend = "Publish on slipway_bind_address, or not at all: names on the container networks need no published port."
    evaluates = "container"

    def problems(self, spec: Spec) -> Iterator[str]:
        if spec.container.get("publish_all_ports"):
            yield "publish_all_ports is set"
        if spec.service in PUBLIC_SERVICES:
            return
        ports = spec.container.get("published_ports") or []
        for port in [ports] if isinstance(ports, str) else ports:
            if not _is_private(address(str(port))):
                yield f"port {port} is published on {address(str(port)) or 'every address'}"


policy = OnlyNginxIsPublic()
