"""Module `replica` where a run whose control process died goes on beside the next one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from .conftest import ENVIRONMENT, ansible

NAME = f"{ENVIRONMENT}-replica"
MADE_OF = {"slipway.environment": ENVIRONMENT, "slipway.spec": "new"}


@pytest.fixture
def exchanged(engine: docker.DockerClient, base_image: str) -> Iterator[str]:
    """A replica that somebody has exchanged already: it runs, its predecessor is there, its successor is not."""
    command = {"image": base_image, "command": ["sleep", "600"], "user": "10100:10100", "stop_signal": "SIGKILL"}
    engine.containers.create(name=f"{NAME}-old", labels={**MADE_OF, "slipway.spec": "old"}, **command)
    yield str(engine.containers.run(name=NAME, labels=MADE_OF, detach=True, **command).id)
    for name in (NAME, f"{NAME}-old", f"{NAME}-next"):
        for container in engine.containers.list(all=True, filters={"name": f"^{name}$"}):
            container.remove(force=True)


def exchange(lock: Path, **options: Any) -> dict[str, Any]:
    arguments = {"name": NAME, "action": "exchange", "lock": str(lock), **options}
    command = ["localhost", "-c", "local", "-m", "slipway.kit.replica", "-a", json.dumps(arguments)]
    said_as = {"ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ANSIBLE_STDOUT_CALLBACK": "json"}
    done = ansible("ansible", *command, "-e", f"ansible_python_interpreter={sys.executable}", **said_as)
    outcome: dict[str, Any] = json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"]["localhost"]
    return outcome


def test_what_another_run_exchanged_meanwhile_is_taken(
    exchanged: str, engine: docker.DockerClient, tmp_path: Path
) -> None:
    outcome = exchange(tmp_path / "lock", labels=MADE_OF)
    assert not outcome.get("failed"), outcome
    assert outcome["problem"] == {}
    assert engine.containers.get(NAME).id == exchanged
    assert engine.containers.get(f"{NAME}-old").labels["slipway.spec"] == "old", "there is nothing to go back to"


def test_another_version_without_a_successor_is_not(
    exchanged: str, engine: docker.DockerClient, tmp_path: Path
) -> None:
    outcome = exchange(tmp_path / "lock", labels={**MADE_OF, "slipway.spec": "newer"})
    assert outcome["failed"]
    assert "No such container" in outcome["msg"]
    assert engine.containers.get(NAME).status == "running"
    assert engine.containers.get(f"{NAME}-old").labels["slipway.spec"] == "old", "there is nothing to go back to"
