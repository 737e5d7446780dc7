"""Filters over module_utils/edge.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.edge import (
    haproxy_format,
    haproxy_quote,
    nginx_pattern,
    nginx_quote,
    resp_hex,
    router_view,
    site_views,
)


def _router_view(contract: Any, name: str) -> dict[str, Any]:
    return router_view(name, contract)


class FilterModule:
    """``slipway.kit.router_view``, ``site_views``: what HAProxy and nginx know of an application; and their quoting."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "router_view": _router_view,
            "site_views": site_views,
            "haproxy_quote": haproxy_quote,
            "haproxy_format": haproxy_format,
            "nginx_quote": nginx_quote,
            "nginx_pattern": nginx_pattern,
            "resp_hex": lambda words: resp_hex(*words),
        }
