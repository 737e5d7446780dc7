"""Filters over module_utils/topology.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.firewall import firewall_table
from ansible_collections.slipway.kit.plugins.module_utils.topology import (
    dns_label,
    peer_ports,
    peers,
    published,
    redis_port,
    registry_address,
    router_port,
    sentinel_names,
)


class FilterModule:
    """Names, addresses and ports, each filter under its function's name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "dns_label": dns_label,
            "firewall_table": firewall_table,
            "peer_ports": peer_ports,
            "peers": peers,
            "published": published,
            "redis_port": redis_port,
            "registry_address": registry_address,
            "router_port": router_port,
            "sentinel_names": sentinel_names,
        }
