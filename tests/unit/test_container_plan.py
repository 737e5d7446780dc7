"""What has to happen on a host: nothing when all is as desired, one step per difference otherwise."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.container_plan import plan
from ansible_collections.slipway.kit.plugins.module_utils.container_spec import Desired, SpecError, expand

IMAGE_ID = "sha256:abc"


def desired(name: str = "one", order: int = 0, **more: Any) -> Desired:
    spec = {
        "name": name,
        "image": "slipway/one:abc",
        "user": "1:1",
        "order": order,
        "healthcheck": {"test": ["CMD", "true"]},
        "networks": [{"name": "backbone"}],
        "volumes": ["data:/data"],
        **more,
    }
    baseline = {
        "memory": "1m",
        "cpus": 1,
        "pids_limit": 1,
        "read_only": True,
        "init": True,
        "restart_policy": "no",
        "security_opts": [],
    }
    return expand(spec, environment="local", service="s", state_dir="/state", baseline=baseline, checksum_key="k")


def state(*names: str, **changes: Any) -> dict[str, Any]:
    containers = {
        name: {
            "id": name,
            "image_id": IMAGE_ID,
            "labels": desired(name.removeprefix("local-")).labels,
            "state": "running",
            "health": "healthy",
        }
        for name in names
    }
    for container in containers.values():
        container.update(changes)
    return {
        "containers": containers,
        "images": {"slipway/one:abc": IMAGE_ID},
        "networks": ["local-backbone"],
        "volumes": {"local-data": {"owner": "0:0", "mode": "0755"}},
        "files": {},
        "stray_files": [],
    }


def test_nothing_to_do() -> None:
    planned = plan([desired()], state("local-one"))
    assert not planned.changed
    assert planned.steps == ()


def test_missing_container_network_and_volume() -> None:
    planned = plan([desired()], {**state(), "networks": [], "volumes": {}})
    assert planned.lines() == [
        "network local-backbone (missing)",
        "volume local-data (missing)",
        "create local-one (not there)",
    ]


OWNED = {"source": "data", "target": "/data", "owner": "1:1"}


def test_a_new_volume_is_given_to_its_owner() -> None:
    planned = plan([desired(volumes=[OWNED])], {**state(), "volumes": {}})
    assert planned.lines()[:2] == ["volume local-data (missing)", "give local-data to 1:1 (it is new)"]


@pytest.mark.parametrize(
    ("found", "mode", "lines"),
    [
        ({"owner": "1:1", "mode": "0755"}, None, []),
        ({"owner": "1:1", "mode": "0700"}, None, []),
        ({"owner": "1:1", "mode": "0750"}, "750", []),
        ({"owner": "0:0", "mode": "0755"}, None, ["give local-data to 1:1 (it belongs to 0:0)"]),
        (
            {"owner": "1:1", "mode": "0755"},
            "2770",
            ["give local-data to 1:1 (its permissions are 0755, and should be 2770)"],
        ),
    ],
)
def test_a_volume_that_is_somebody_elses_is_given_to_its_owner(
    found: dict[str, str], mode: str | None, lines: list[str]
) -> None:
    wanted = desired(volumes=[{**OWNED, "mode": mode}])
    held = state("local-one", labels=wanted.labels)
    planned = plan([wanted], {**held, "volumes": {"local-data": found}})
    assert (planned.lines(), planned.changed) == (lines, bool(lines))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"image_id": "sha256:old"}, "replace local-one (image changed)"),
        ({"labels": {**desired().labels, "slipway.spec": "old"}}, "replace local-one (spec changed)"),
        ({"labels": {**desired().labels, "slipway.files": "old"}}, "replace local-one (files changed)"),
        ({"labels": {**desired().labels, "slipway.service": "old"}}, "replace local-one (labels changed)"),
        ({"state": "exited"}, "start local-one (it is exited)"),
    ],
)
def test_differences(changes: dict[str, Any], line: str) -> None:
    planned = plan([desired()], state("local-one", **changes))
    assert planned.lines() == [line]
    assert planned.changed


def test_waiting_for_health_is_no_change() -> None:
    planned = plan([desired()], state("local-one", health="starting"))
    assert [step.action for step in planned.steps] == ["wait"]
    assert not planned.changed


def test_what_is_no_longer_declared_goes_last() -> None:
    planned = plan([desired("new")], state("local-old"))
    assert planned.lines() == ["create local-new (not there)", "remove local-old (no longer declared)"]


def test_steps_follow_the_start_order() -> None:
    planned = plan([desired("b", order=2), desired("a", order=1), desired("c", order=1)], state())
    assert [step.name for step in planned.steps] == ["local-a", "local-c", "local-b"]


def replica(name: str = "one", **rollout: Any) -> Desired:
    entry = desired(name)
    return dataclasses.replace(
        entry, rollout={"beside": True, "observe": 5, "drain": 10, "router": "local-admin", "backend": "web", **rollout}
    )


def test_a_replica_is_exchanged_side_by_side() -> None:
    planned = plan([replica()], state("local-one", image_id="sha256:old"))
    assert planned.lines() == [
        "exchange local-one (image changed): start the new beside the old, watch it for 5 s, drain and stop the old"
    ]


def test_a_singleton_is_stopped_first() -> None:
    planned = plan([replica(beside=False)], state("local-one", image_id="sha256:old"))
    assert planned.lines() == ["exchange local-one (image changed): stop the old, start the new, watch it for 5 s"]


def test_a_successor_that_was_started_is_taken() -> None:
    found = state("local-one", image_id="sha256:old")
    found["containers"]["local-one-next"] = state("local-one")["containers"]["local-one"]
    steps = plan([replica()], found).steps
    assert [(step.action, step.name, step.why) for step in steps] == [
        ("exchange", "local-one", "its successor is there"),
    ]


def test_what_an_interrupted_rollout_left_goes_last() -> None:
    found = state("local-one")
    found["containers"]["local-one-old"] = {**found["containers"]["local-one"], "state": "exited"}
    assert plan([replica()], found).lines() == ["remove local-one-old (left by an interrupted rollout)"]


def test_what_stands_aside_is_replaced_without_disturbing_anybody() -> None:
    here = state("local-one", "local-two", image_id="sha256:old")
    assert plan([desired("one"), desired("two", aside=True)], here).disturbs
    here["containers"]["local-one"]["image_id"] = IMAGE_ID
    alone = plan([desired("one"), desired("two", aside=True)], here)
    assert [step.action for step in alone.steps] == ["replace"]
    assert not alone.disturbs
    assert not plan([desired("one")], here).disturbs, "nor does what is removed"


RELOADED: dict[str, Any] = {
    "reload": "SIGHUP",
    "config_dirs": ["/etc/one"],
    "files": [{"path": "/etc/one/one.conf", "content": "new"}],
}
CONFIGURATION = "/state/files/local-one/etc/one/one.conf"
MARK = "/state/files/local-one/.loaded"


def test_a_program_that_can_reads_its_files_anew() -> None:
    wanted = desired(**RELOADED)
    running = state("local-one", labels=wanted.labels)
    assert plan([wanted], running).steps == ()
    planned = plan([wanted], {**running, "files": {CONFIGURATION: "old", MARK: "old"}})
    assert planned.lines() == [f"write {CONFIGURATION}", "reload local-one (files changed)"]


def test_a_reload_that_an_interrupted_run_owes_is_made_up_for() -> None:
    """The files were written; that they were read never was."""
    wanted = desired(**RELOADED)
    planned = plan([wanted], {**state("local-one", labels=wanted.labels), "files": {MARK: ""}})
    assert planned.lines() == ["reload local-one (files changed)"]


def test_what_is_more_than_files_is_still_replaced() -> None:
    wanted = desired(**RELOADED)
    changes = {"labels": {**wanted.labels, "slipway.spec": "old"}}
    planned = plan([wanted], {**state("local-one", **changes), "files": {CONFIGURATION: "old", MARK: "old"}})
    assert planned.lines()[-1] == "replace local-one (spec changed)"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({**RELOADED, "config_dirs": []}, "/etc/one/one.conf is mounted by itself"),
        ({**RELOADED, "reload": "hup"}, "name a signal"),
        ({**RELOADED, "rollout": {"observe": 1}}, "no rollout"),
    ],
)
def test_a_reload_that_would_change_nothing_is_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        desired(**spec)
