"""Filter over module_utils/environment_document.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.environment_document import environment_document


class FilterModule:
    """``slipway.kit.environment_document``: an environment as policies read it, without a secret in it."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"environment_document": environment_document}
