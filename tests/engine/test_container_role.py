"""The role `container` against the real engine: create, repeat, change, unhealthy, orphan, refused configuration."""

from __future__ import annotations

import time
from typing import Any

import docker
import pytest

from .conftest import Converge


@pytest.fixture
def spec(base_image: str) -> dict[str, Any]:
    return {
        "name": "one",
        "image": base_image,
        "user": "10100:10100",
        "command": ["sh", "-c", "cat /etc/one/one.conf; exec sleep 600"],
        "config_dirs": ["/etc/one"],
        "files": [
            {"path": "/etc/one/one.conf", "content": "good\n"},
            {"path": "/run/secrets/password", "content": "hunter2hunter2", "secret": True},
        ],
        "validate": {"command": ["grep", "-q", "good", "/etc/one/one.conf"]},
        "networks": [{"name": "backbone"}],
        "healthcheck": {"test": ["CMD", "test", "-r", "/run/secrets/password"]},
        "stop_grace": 1,
    }


def test_create_then_repeat(converge: Converge, engine: docker.DockerClient, spec: dict[str, Any]) -> None:
    predicted = converge([spec], "--check", "--diff")
    assert "create enginetest-one (not there)" in predicted.stdout
    assert not engine.containers.list(all=True, filters={"name": "enginetest-one"}), "check mode touched the host"

    created = converge([spec])
    assert created.returncode == 0, created.stdout
    assert "changed=1" in created.stdout
    container = engine.containers.get("enginetest-one")
    host = container.attrs["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]

    repeated = converge([spec], "--diff")
    assert "changed=0" in repeated.stdout, repeated.stdout
    assert engine.containers.get("enginetest-one").id == container.id


def test_changed_file_replaces_the_container(
    converge: Converge, engine: docker.DockerClient, spec: dict[str, Any]
) -> None:
    assert converge([spec]).returncode == 0
    before = engine.containers.get("enginetest-one").id
    spec["files"][0]["content"] = "good and new\n"
    changed = converge([spec], "--diff")
    assert "+good and new" in changed.stdout
    after = engine.containers.get("enginetest-one")
    assert after.id != before
    assert after.logs().decode() == "good and new\n"


def test_a_program_that_can_reads_a_changed_file_in_the_same_container(
    converge: Converge, engine: docker.DockerClient, spec: dict[str, Any]
) -> None:
    spec["command"] = ["sh", "-c", "trap 'cat /etc/one/one.conf' HUP; while :; do sleep 0.2; done"]
    spec["reload"] = "SIGHUP"
    assert converge([spec]).returncode == 0
    before = engine.containers.get("enginetest-one").id
    spec["files"][0]["content"] = "good and new\n"
    predicted = converge([spec], "--check", "--diff")
    assert "reload enginetest-one (files changed)" in predicted.stdout
    changed = converge([spec])
    assert "changed=1" in changed.stdout, changed.stdout
    after = engine.containers.get("enginetest-one")
    assert after.id == before
    deadline = time.monotonic() + 60
    while b"good and new" not in after.logs():
        assert time.monotonic() < deadline, "the program was not told"
        time.sleep(0.2)
    assert "changed=0" in converge([spec]).stdout


def test_refused_configuration_leaves_the_old_one_in_place(
    converge: Converge, engine: docker.DockerClient, spec: dict[str, Any]
) -> None:
    assert converge([spec]).returncode == 0
    before = engine.containers.get("enginetest-one").id
    good = spec["files"][0]["content"]
    spec["files"][0]["content"] = "bad\n"
    refused = converge([spec])
    assert refused.returncode != 0
    assert "the old one is still in place" in refused.stdout
    assert engine.containers.get("enginetest-one").id == before
    spec["files"][0]["content"] = good
    assert "changed=0" in converge([spec]).stdout


def test_unhealthy_fails_with_evidence(converge: Converge, spec: dict[str, Any]) -> None:
    spec["command"] = ["sh", "-c", "echo the disk is on fire; echo hunter2hunter2; exec sleep 600"]
    spec["healthcheck"] = {"test": ["CMD-SHELL", "echo I feel ill; exit 1"]}
    spec["wait_timeout"] = 2
    failed = converge([spec], "-vvv")
    assert failed.returncode != 0
    assert "enginetest-one: not healthy after 2 s" in failed.stdout
    assert "I feel ill" in failed.stdout
    assert "the disk is on fire" in failed.stdout
    assert "hunter2hunter2" not in failed.stdout + failed.stderr
    assert "[secret x]" in failed.stdout


def test_exit_at_start_fails_at_once(converge: Converge, spec: dict[str, Any]) -> None:
    spec["command"] = ["sh", "-c", "echo cannot start; exit 3"]
    failed = converge([spec])
    assert failed.returncode != 0
    assert "restarted" in failed.stdout or "exited with status 3" in failed.stdout
    assert "cannot start" in failed.stdout


def test_orphan_is_removed_with_its_files_and_strangers_stay(
    converge: Converge, engine: docker.DockerClient, spec: dict[str, Any], base_image: str
) -> None:
    stranger = engine.containers.run(
        base_image,
        ["sleep", "600"],
        detach=True,
        name="enginetest-stranger",
        labels={"slipway.environment": "enginetest"},
    )
    assert converge([spec, {**spec, "name": "two"}]).returncode == 0
    assert (converge.state_dir / "files/enginetest-two").exists()
    removed = converge([spec], "--diff")
    assert "remove enginetest-two (no longer declared)" in removed.stdout
    assert not (converge.state_dir / "files/enginetest-two").exists()
    names = {container.name for container in engine.containers.list(all=True)}
    assert "enginetest-two" not in names
    assert {"enginetest-one", "enginetest-stranger"} <= names
    stranger.remove(force=True)


def test_stopped_container_is_started_again(
    converge: Converge, engine: docker.DockerClient, spec: dict[str, Any]
) -> None:
    assert converge([spec]).returncode == 0
    engine.containers.get("enginetest-one").stop(timeout=1)
    assert "changed=1" in converge([spec]).stdout
    assert engine.containers.get("enginetest-one").status == "running"


def test_missing_image_is_named(converge: Converge, spec: dict[str, Any]) -> None:
    spec["image"] = "slipway/nowhere:0"
    failed = converge([spec])
    assert failed.returncode != 0
    assert "has no image slipway/nowhere:0" in failed.stdout


def test_a_volume_is_its_owners_whatever_the_image_says(
    converge: Converge, engine: docker.DockerClient, spec: dict[str, Any]
) -> None:
    # The image has no /data, and /etc/apt, with something in it, is root's.
    mounts = {"data": "/data", "apt": "/etc/apt"}
    spec["volumes"] = [{"source": name, "target": path, "owner": "10100:10100"} for name, path in mounts.items()]
    spec["volumes"][0]["mode"] = "0750"
    spec["command"] = ["sh", "-c", "touch /data/one /etc/apt/one && ls /etc/apt && stat -c %u:%a /data; exec sleep 600"]
    predicted = converge([spec], "--check", "--diff")
    assert "give enginetest-data to 10100:10100 (it is new)" in predicted.stdout
    created = converge([spec])
    assert created.returncode == 0, created.stdout
    container = engine.containers.get("enginetest-one")
    said = container.logs().decode().split()
    assert {"one", "sources.list.d", "10100:750"} <= set(said), said
    assert len(engine.containers.list(all=True, filters={"label": "slipway.environment=enginetest"})) == 1
    assert "changed=0" in converge([spec]).stdout

    spec["volumes"][1]["owner"] = "10101:10101"
    predicted = converge([spec], "--check", "--diff")
    assert "give enginetest-apt to 10101:10101 (it belongs to 10100:10100)" in predicted.stdout
    assert "changed=1" in converge([spec]).stdout
    assert "changed=0" in converge([spec]).stdout
