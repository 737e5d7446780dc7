"""Sizes with a unit, as Docker writes them."""

from __future__ import annotations

import re
from typing import Union

KIB, MIB, GIB = 2**10, 2**20, 2**30


def size_in_bytes(size: Union[str, int]) -> int:
    """A size as Docker writes it.

    >>> size_in_bytes("512m"), size_in_bytes("1g"), size_in_bytes(1024)
    (536870912, 1073741824, 1024)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", str(size).strip().lower())
    if not match:
        raise ValueError(f"{size!r} is not a size. Mend: a number with k, m or g, such as 512m.")
    return int(float(match[1]) * {"": 1, "k": KIB, "m": MIB, "g": GIB, "t": 1024 * GIB}[match[2]])
