"""Fixtures for tests that drive the role `container` against the real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "enginetest"
PLAY = [
    {
        "name": "Converge",
        "hosts": "all",
        "gather_facts": False,
        "vars": {
            "slipway_env": ENVIRONMENT,
            "slipway_secrets": {"kit/checksum_key": "0123456789abcdef", "x": "hunter2hunter2"},
        },
        "tasks": [
            {
                "name": "Include role container",
                "ansible.builtin.include_role": {"name": "container"},
                "vars": {"container_service": "test", "container_specs": "{{ specs }}"},
            }
        ],
    }
]


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    return docker.from_env()


@pytest.fixture(scope="session")
def base_image(engine: docker.DockerClient) -> str:
    tags = [tag for image in engine.images.list("slipway/base") for tag in image.tags]
    assert tags, "no image slipway/base here; run ansible-playbook playbooks/images.yml first"
    return str(max(tags))


def ansible(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs as the kit does, with more environment variables."""
    return subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


class Converge:
    """Run the role with some specs through the real ansible-playbook."""

    def __init__(self, directory: Path) -> None:
        self.play = directory / "play.yml"
        self.play.write_text(yaml.safe_dump(PLAY))
        self.state_dir = directory / "state"

    def __call__(self, specs: list[dict[str, Any]], *options: str) -> subprocess.CompletedProcess[str]:
        extra = {"specs": specs, "slipway_state_dir": str(self.state_dir), "ansible_python_interpreter": sys.executable}
        where = ["-i", "node1,", "-c", "local"]
        return ansible("ansible-playbook", *where, "-e", json.dumps(extra), *options, str(self.play))


@pytest.fixture
def converge(engine: docker.DockerClient, tmp_path: Path) -> Iterator[Converge]:
    yield Converge(tmp_path)
    labels = {"label": f"slipway.environment={ENVIRONMENT}"}
    for container in engine.containers.list(all=True, filters=labels):
        container.remove(force=True)
    for network in engine.networks.list(filters=labels):
        network.remove()
    for volume in engine.volumes.list(filters=labels):
        volume.remove()
