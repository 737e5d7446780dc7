"""Sizes and durations as Docker writes them."""

from __future__ import annotations

import re
from typing import Any

_SIZES = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001}


def size(value: Any) -> int:
    """Bytes of ``512m``, ``1.5g`` or ``1024``; 0 for what is no size.

    >>> size("256m"), size("unlimited")
    (268435456, 0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([bkmgt]?)(?:i?b)?", str(value).strip().lower())
    return int(float(match[1]) * _SIZES[match[2]]) if match else 0


def seconds(value: Any) -> float:
    """Seconds of ``5s``, ``1m30s`` or ``500ms``; 0 for what is no duration.

    >>> seconds("1m30s"), seconds(None)
    (90.0, 0.0)
    """
    text = str(value).strip().lower()
    if not re.fullmatch(r"(?:\d+(?:\.\d+)?(?:ms|us|h|m|s))+", text):
        return 0.0
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|us|h|m|s)", text))
