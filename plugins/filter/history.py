"""Filters over module_utils/history.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.history import (
    contract_with_secrets,
    contract_without_secrets,
    history_lines,
    host_gone,
    outdated_images,
    rollback_target,
    rolled_back,
    rollout_failure,
)


class FilterModule:
    """``slipway.kit.rollback_target``, ``history_lines`` …: what was rolled out, and what of it counts."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "contract_with_secrets": contract_with_secrets,
            "contract_without_secrets": contract_without_secrets,
            "history_lines": history_lines,
            "host_gone": host_gone,
            "outdated_images": outdated_images,
            "rollback_target": rollback_target,
            "rolled_back": rolled_back,
            "rollout_failure": rollout_failure,
        }
