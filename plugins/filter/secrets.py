"""Filters over module_utils/secret_names.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.secret_names import required_secrets, secret_markers


class FilterModule:
    """``slipway.kit.required_secrets`` and ``secret_markers``: names of secrets, and what stands in their place."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"required_secrets": required_secrets, "secret_markers": secret_markers}
