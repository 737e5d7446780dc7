"""An environment of its own, with the example application in two replicas, for as long as the tests run.

With SLIPWAY_INVENTORY it is the lab of that name, which runs: for test_bad_releases.py, which is tried there as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ansible.utils.vars import merge_hash

from tests.environment import LOCAL, ROOT, Environment
from tests.faults.lab import Lab
from tests.faults.load import APPLICATION
from tests.rollout.deploying import lab_that_runs, load_on, serving
from tests.rollout.load import Load, Report

INVENTORY = ROOT / "tests/rollout/inventory"


@pytest.fixture(scope="session")
def _place() -> Iterator[tuple[Environment, Lab | None]]:
    if "SLIPWAY_INVENTORY" in os.environ:
        with lab_that_runs() as place:
            yield place
        return
    described = Environment.describe([LOCAL, INVENTORY])
    described.converge()
    yield described, None
    if not os.environ.get("SLIPWAY_KEEP"):
        described.destroy()


@pytest.fixture(scope="session")
def environment(_place: tuple[Environment, Lab | None]) -> Environment:
    return _place[0]


@pytest.fixture(scope="session")
def lab(_place: tuple[Environment, Lab | None]) -> Lab | None:
    return _place[1]


@dataclass(frozen=True)
class Outcome:
    status: int
    said: str


class Deploy:
    """Run a playbook about the example application, with changes to its contract."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def __call__(self, *options: str, name: str = "deploy", contract: dict[str, Any] | None = None) -> Outcome:
        changes = []
        if contract:
            # Given with -e, it wins over what deploy.yml makes of -e version=: state a version in the contract.
            stated = merge_hash(self.environment.applications, {APPLICATION: contract})
            changes = ["-e", json.dumps({"slipway_applications": stated})]
        done = self.environment.playbook(f"playbooks/{name}.yml", "-e", f"app={APPLICATION}", *changes, *options)
        return Outcome(done.returncode, done.stdout)


@pytest.fixture
def deploy(environment: Environment) -> Deploy:
    return Deploy(environment)


@pytest.fixture(scope="module")
def _load(environment: Environment, lab: Lab | None) -> Iterator[Load]:
    with load_on(environment, lab) as load:
        yield load


@pytest.fixture
def load(_load: Load) -> Load:
    """Load that goes on between tests; what it meets from here on counts for this one."""
    _load.report = Report()
    return _load


@pytest.fixture
def replicas(environment: Environment, lab: Lab | None) -> dict[str, str]:
    """The containers that serve: name to id."""
    return serving(environment, lab)
