"""Filters over module_utils/preflight.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.preflight import host_ports, preflight_report


class FilterModule:
    """``slipway.kit.preflight_report`` and ``host_ports``: what is wrong, and which ports a host has to have free."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"host_ports": host_ports, "preflight_report": preflight_report}
