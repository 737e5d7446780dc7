"""Filters over module_utils/redis_instances.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.redis_instances import redis_instances


class FilterModule:
    """``slipway.kit.redis_instances``: the Redis services of every application."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"redis_instances": redis_instances}
