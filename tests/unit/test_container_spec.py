"""From specs to docker_container arguments: the baseline holds, relaxations need reasons, secrets stay out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.kit.plugins.module_utils.container_spec import (
    LABEL_FILES,
    LABEL_SPEC,
    Desired,
    SpecError,
    document,
    expand,
    one_off,
)

ROOT = Path(__file__).parents[2]
BASELINE = yaml.safe_load((ROOT / "roles/container/defaults/main.yml").read_text())["container_baseline"]


def expanded(key: str = "key", **changes: Any) -> Desired:
    spec: dict[str, Any] = {
        "name": "one",
        "image": "slipway/one:abc",
        "user": "10100:10101",
        "healthcheck": {"test": ["CMD", "true"]},
        "files": [
            {"path": "/etc/one/one.conf", "content": "setting\n"},
            {"path": "/run/secrets/password", "content": "hunter2", "secret": True},
            {"path": "/srv/single.txt", "content": "alone\n"},
        ],
        "config_dirs": ["/etc/one"],
        "networks": [{"name": "backbone", "aliases": ["one-node1"]}],
        "volumes": ["data:/data", "/srv/host:/srv:ro"],
    }
    spec.update(changes)
    return expand(spec, environment="local", service="one", state_dir="/state", baseline=BASELINE, checksum_key=key)


def test_baseline_holds() -> None:
    arguments = expanded().arguments
    assert arguments["read_only"] is True
    assert arguments["privileged"] is False
    assert arguments["cap_drop"] == ["ALL"]
    assert arguments["capabilities"] == []
    assert arguments["security_opts"] == ["no-new-privileges:true"]
    assert arguments["memory"] == arguments["memory_swap"] == "256m"
    assert arguments["pids_limit"] == 128
    assert arguments["log_options"] == {"max-size": "10m", "max-file": "3"}
    assert "published_ports" not in arguments


def test_names_carry_the_environment() -> None:
    desired = expanded()
    assert desired.name == "local-one"
    assert desired.networks == ("local-backbone",)
    assert desired.volumes == ("local-data",)
    assert desired.arguments["volumes"] == ["local-data:/data", "/srv/host:/srv:ro"]


def test_directories_are_mounted_whole_and_other_files_singly() -> None:
    mounts = {mount["target"]: mount for mount in expanded().arguments["mounts"]}
    assert set(mounts) == {"/etc/one", "/run/secrets", "/srv/single.txt"}
    assert mounts["/etc/one"]["source"] == "/state/files/local-one/etc/one"
    assert all(mount["read_only"] for mount in mounts.values())


def test_secret_files_are_private_and_never_rendered() -> None:
    desired = expanded()
    secret = next(file for file in desired.files if file.secret)
    assert secret.mode == "0400"
    assert "hunter2" not in str(document(desired, "node1"))
    assert "hunter2" not in str(desired.arguments) + str(desired.labels)


def test_checksum_of_files_is_keyed() -> None:
    assert expanded("one").labels[LABEL_FILES] != expanded("two").labels[LABEL_FILES]
    assert expanded("one").labels[LABEL_SPEC] == expanded("two").labels[LABEL_SPEC]


@pytest.mark.parametrize(
    "change",
    [{"memory": "300m"}, {"env": {"A": "1"}}, {"command": ["x"]}, {"image": "slipway/one:def"}, {"labels": {"a": "b"}}],
)
def test_every_change_changes_the_checksum(change: dict[str, Any]) -> None:
    assert expanded().labels[LABEL_SPEC] != expanded(**change).labels[LABEL_SPEC]


def test_relaxation_is_applied_and_recorded_with_its_reason() -> None:
    desired = expanded(relax={"read_only": {"value": False, "reason": "writes its own image"}})
    assert desired.arguments["read_only"] is False
    assert document(desired, "node1")["relaxations"] == [
        {"option": "read_only", "value": False, "reason": "writes its own image"}
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mem": "1g"}, "unknown keys mem"),
        ({"user": "postgres"}, "state it as numbers"),
        ({"user": None}, "state it as numbers"),
        ({"healthcheck": {}}, "no healthcheck"),
        ({"relax": {"read_only": {"value": False, "reason": " "}}}, "needs a value and a reason"),
        ({"relax": {"privileged": {"value": True, "reason": "because"}}}, "not an option that may be relaxed"),
        ({"files": [{"path": "relative", "content": ""}]}, "not an absolute path"),
        ({"files": [{"path": "/a", "content": ""}, {"path": "/a", "content": "x"}]}, "two files have one path"),
        ({"volumes": ["data"]}, "has no target"),
        ({"volumes": [{"source": "data", "target": "/data"}]}, "other keys"),
        ({"volumes": [{"source": "data", "target": "/data", "owner": "1:1", "gid": 1}]}, "other keys"),
        ({"volumes": [{"source": "/srv", "target": "/data", "owner": "1:1"}]}, "only a named volume"),
        ({"volumes": [{"source": "data", "target": "/data", "owner": "app"}]}, "are numbers"),
        ({"volumes": [{"source": "data", "target": "/data", "owner": "1:1", "mode": "u+w"}]}, "are numbers"),
        ({"name": "Bad Name"}, "not of the form"),
        ({"image": ""}, "no image"),
    ],
)
def test_bad_specs_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        expanded(**changes)


def test_one_off_publishes_nothing_and_does_not_restart() -> None:
    arguments = one_off(expanded(ports=["443:8443"]), "local-one-validate", ["check"])
    assert "published_ports" not in arguments
    assert arguments["restart_policy"] == "no"
    assert arguments["command"] == ["check"]
    assert arguments["networks"] == [{"name": "local-backbone"}]
