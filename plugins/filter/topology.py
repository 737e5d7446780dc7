"""Filters over module_utils/topology.py."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.topology import dns_label, member, peers, published, redis_port


class FilterModule:
    """``slipway.kit.dns_label``, ``member``, ``peers``, ``published`` and ``redis_port``."""

    def filters(self) -> dict[str, Any]:
        return {
            "dns_label": dns_label,
            "member": member,
            "peers": peers,
            "published": published,
            "redis_port": redis_port,
        }
