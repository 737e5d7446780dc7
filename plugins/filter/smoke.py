"""Filters about smoke tests; the work is in module_utils/smoke.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.smoke import smoke_requests


class FilterModule:
    """Registers the filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"smoke_requests": smoke_requests}
