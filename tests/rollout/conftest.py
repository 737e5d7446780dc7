"""An environment of its own, with the example application in two replicas, for as long as the tests run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.environment import LOCAL, ROOT, Environment
from tests.rollout.load import Load, Report

INVENTORY = ROOT / "tests/rollout/inventory"


@pytest.fixture(scope="session")
def environment() -> Iterator[Environment]:
    described = Environment.describe([LOCAL, INVENTORY])
    done = described.playbook("site.yml")
    assert done.returncode == 0, done.stdout[-4000:]
    yield described
    if not os.environ.get("SLIPWAY_KEEP"):
        described.destroy()


@dataclass(frozen=True)
class Outcome:
    status: int
    said: str


class Deploy:
    """Run a playbook about the example application, with changes to its contract."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def __call__(self, *options: str, name: str = "deploy", contract: dict[str, Any] | None = None) -> Outcome:
        changes = ["-e", json.dumps({"roll_contract": contract})] if contract else []
        done = self.environment.playbook(f"playbooks/{name}.yml", "-e", "app=devicehub", *changes, *options)
        return Outcome(done.returncode, done.stdout)


@pytest.fixture
def deploy(environment: Environment) -> Deploy:
    return Deploy(environment)


@pytest.fixture(scope="module")
def _load(environment: Environment) -> Iterator[Load]:
    with Load(environment) as load:
        yield load


@pytest.fixture
def load(_load: Load) -> Load:
    """Load that goes on between tests; what it meets from here on counts for this one."""
    _load.report = Report()
    return _load


@pytest.fixture
def replicas(environment: Environment) -> dict[str, str]:
    """The containers that serve: name to id."""
    return serving(environment)


def serving(environment: Environment) -> dict[str, str]:
    found = environment.containers()
    return {name: str(found[name]["Id"]) for name in environment.replicas("devicehub", "web")}
