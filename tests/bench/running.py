"""An environment for what is measured: converged for as long as it lasts, and gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import LOCAL, Environment, resolving

INVENTORY = Path(__file__).with_name("inventory")


@contextmanager
def running(inventory: Path = INVENTORY) -> Iterator[Environment]:
    """SLIPWAY_KEEP=1 takes what is there and leaves it, for measuring in parts."""
    environment = Environment.describe([LOCAL, inventory])
    keep = bool(os.environ.get("SLIPWAY_KEEP"))
    if not keep:
        environment.destroy()  # what an interrupted run may have left
    try:
        environment.converge()
        with resolving(environment.domains):
            yield environment
    finally:
        if not keep:
            environment.destroy()
