"""A lab of three servers in an environment of its own, and a fourth server for whoever wants one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.environment import ROOT, Environment
from tests.faults.lab import Lab, described

HERE = ROOT / "tests/hosts"
THREE = (ROOT / "inventories/lab", HERE / "inventory")


@pytest.fixture(scope="session")
def four() -> Environment:
    return Environment.describe([*THREE, HERE / "fourth"])


@pytest.fixture(scope="session")
def environment(four: Environment) -> Iterator[Environment]:
    """The three, converged. SLIPWAY_KEEP=1 takes what is there and leaves it."""
    three = Environment.describe(THREE)
    keep = bool(os.environ.get("SLIPWAY_KEEP"))
    if not keep:
        four.run("lab/down.yml")  # what an interrupted run may have left
    try:
        three.run("lab/up.yml")
        three.converge()
        yield three
    finally:
        if not keep:
            four.run("lab/down.yml")


@pytest.fixture(scope="session")
def lab_of_four(four: Environment) -> Lab:
    return described(four.name, four.addresses)
