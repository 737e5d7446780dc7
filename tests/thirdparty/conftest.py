"""An environment with applications that nobody here wrote, for as long as the tests run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.environment import LOCAL, ROOT, Environment, resolving

INVENTORY = ROOT / "tests/thirdparty/inventory"


@pytest.fixture(scope="session")
def environment() -> Iterator[Environment]:
    described = Environment.describe([LOCAL, INVENTORY])
    described.converge()
    with resolving(described.domains):
        yield described
    if not os.environ.get("SLIPWAY_KEEP"):
        described.destroy()
