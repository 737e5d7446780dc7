"""Filters over module_utils/certificates.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.certificates import (
    certificate_markers,
    required_certificates,
)


class FilterModule:
    """``slipway.kit.required_certificates`` and ``certificate_markers``: who shows which certificate."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"certificate_markers": certificate_markers, "required_certificates": required_certificates}
