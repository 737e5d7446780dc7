"""Fixtures of the tests that ask a running environment; SLIPWAY_INVENTORY says which one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.environment import Environment, resolving
from tests.faults.lab import Lab, described

Until = Callable[..., Any]


@pytest.fixture(scope="session")
def environment() -> Iterator[Environment]:
    """The environment; while it is in use, its domains are found at this machine."""
    chosen = Environment.chosen()
    with resolving(chosen.domains):
        yield chosen


@pytest.fixture(scope="session")
def lab(environment: Environment) -> Lab:
    """The environment's servers, where they are those of a lab."""
    return described(environment.name, environment.addresses)


@pytest.fixture
def client(environment: Environment) -> Iterator[requests.Session]:
    with environment.session() as session:
        yield session


@pytest.fixture(scope="session")
def until() -> Until:
    """Ask again until the answer is true, and return it; fail with what the last answer was."""

    def wait(ask: Callable[[], Any], seconds: float = 30, pause: float = 0.2) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := ask()):
            assert time.monotonic() < deadline, f"not so within {seconds} seconds: {answer!r}"
            time.sleep(pause)
        return answer

    return wait
