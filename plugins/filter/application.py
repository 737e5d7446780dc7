"""Filters over module_utils/application.py."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.application import ad_hoc, application_specs


class FilterModule:
    """``slipway.kit.application_specs`` and ``ad_hoc``: from an application's contract to container specs."""

    def filters(self) -> dict[str, Any]:
        return {"ad_hoc": ad_hoc, "application_specs": application_specs}
