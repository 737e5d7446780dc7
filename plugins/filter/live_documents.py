"""Filter over module_utils/live_documents.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.live_documents import live_documents


class FilterModule:
    """``slipway.kit.live_documents``: what runs on a host as policies read it, without a secret in it."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"live_documents": live_documents}
