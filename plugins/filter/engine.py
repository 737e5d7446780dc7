"""Filters over module_utils/engine.py."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.engine import engine_plan


class FilterModule:
    """``slipway.kit.engine_plan``: what to do to a host's container engine."""

    def filters(self) -> dict[str, Any]:
        return {"engine_plan": engine_plan}
