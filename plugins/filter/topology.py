"""Filters over module_utils/topology.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.topology import (
    dns_label,
    peer_ports,
    peers,
    published,
    redis_port,
    router_port,
)


class FilterModule:
    """``slipway.kit.dns_label``, ``peers``, ``published``, ``redis_port``, ``router_port``: names, addresses, ports."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "dns_label": dns_label,
            "peer_ports": peer_ports,
            "peers": peers,
            "published": published,
            "redis_port": redis_port,
            "router_port": router_port,
        }
