"""Read data that may have any shape: what is not as it should be is left out.

Checks that come after the schema use these, so that one mistake does not hide the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def entries(value: Any) -> dict[str, Mapping[str, Any]]:
    """The entries of a mapping that are mappings themselves; none where it is no mapping."""
    if not isinstance(value, Mapping):
        return {}
    return {str(name): entry for name, entry in value.items() if isinstance(entry, Mapping)}


def maps(value: Any, key: str) -> dict[str, Mapping[str, Any]]:
    """The entries of ``value[key]`` that are mappings themselves."""
    return entries(value.get(key)) if isinstance(value, Mapping) else {}


def listed(value: Any, key: str) -> list[tuple[int, Mapping[str, Any]]]:
    """The entries of the list ``value[key]`` that are mappings, with their numbers."""
    items = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(items, list):
        return []
    return [(number, item) for number, item in enumerate(items) if isinstance(item, Mapping)]


def texts(value: Any) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def whole(value: Any) -> bool:
    """Whether it is a whole number. Ansible hands out numbers of a class of its own, below ``int``; so is ``bool``."""
    return isinstance(value, int) and not isinstance(value, bool)
