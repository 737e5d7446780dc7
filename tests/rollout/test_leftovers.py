"""What nobody needs any more goes, and nothing else does: images, entries of the history, applications."""

from __future__ import annotations

import json
import time

import pytest

from tests.environment import ROOT, Environment, docker
from tests.rollout.conftest import Deploy
from tests.rollout.deploying import serving

MORE = {
    "roll_more": {
        "extra": {
            "version": "1",
            "image": {"build": {"context": "examples/devicehub"}},
            "processes": {
                "idle": {"command": ["sleep", "infinity"], "observe": 0, "probe": {"none": "it does nothing"}}
            },
        }
    }
}


def image_of(environment: Environment) -> str:
    return str(environment.containers()["devicehub-web-1"]["Image"])


def images() -> set[str]:
    return set(docker("images", "--no-trunc", "--quiet").split())


@pytest.mark.long
def test_images_and_history_are_kept_up_to_a_number(environment: Environment, deploy: Deploy) -> None:
    assert deploy("-e", f"version=8.0.{time.time_ns()}").status == 0
    before = image_of(environment)
    last = f"8.1.{time.time_ns()}"
    outcome = deploy("-e", f"version={last}", "-e", "app_images_kept=1", "-e", "app_history_kept=2")
    assert outcome.status == 0, outcome.said[-3000:]
    assert image_of(environment) in images()
    assert before not in images()
    table = [line for line in deploy(name="history").said.splitlines() if " good " in line or " failed " in line]
    assert len(table) == 2
    assert last in table[0]


@pytest.mark.long
def test_an_application_that_is_not_stated_any_more_goes(environment: Environment, deploy: Deploy) -> None:
    assert deploy().status == 0  # the version that the inventory states
    replicas = serving(environment)
    layers = [str(ROOT / f"playbooks/{name}.yml") for name in ("images", "credentials", "routers")]
    stranger = "roll-a-stranger"
    docker("run", "--detach", "--name", stranger, "--entrypoint", "sleep", image_of(environment), "infinity")
    try:
        there = environment.playbook("playbooks/applications.yml", "-e", json.dumps(MORE), *layers)
        assert there.returncode == 0, there.stdout[-3000:]
        assert "extra-idle-1" in environment.containers()
        plan = environment.playbook("playbooks/applications.yml", "--check", "--diff", *layers)
        assert "remove roll-extra-idle-1 (no longer declared)" in plan.stdout, plan.stdout[-3000:]
        assert "extra-idle-1" in environment.containers()
        gone = environment.playbook("playbooks/applications.yml", *layers)
        assert gone.returncode == 0, gone.stdout[-3000:]
        assert not [name for name in environment.containers() if "extra" in name]
        assert "roll-app-extra" not in docker("network", "ls", "--format={{.Name}}").split()
        assert serving(environment) == replicas
        assert docker("inspect", "--format={{.State.Status}}", stranger).strip() == "running"
    finally:
        docker("rm", "--force", stranger)
