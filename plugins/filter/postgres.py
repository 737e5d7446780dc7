"""Filters over module_utils/postgres_settings.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.postgres_settings import (
    application_databases,
    cluster_settings,
    database_logins,
    max_connections,
)


class FilterModule:
    """``slipway.kit.application_databases``, ``cluster_settings`` …: pools and Postgres, sized together."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "application_databases": application_databases,
            "cluster_settings": cluster_settings,
            "database_logins": database_logins,
            "max_connections": max_connections,
        }
