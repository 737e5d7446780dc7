"""What happens to a container engine, from what there is of one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.engine import command_line_keys, engine_plan

DESIRED = {"live-restore": True, "icc": False, "log-driver": "json-file", "log-opts": {"max-size": "10m"}}


def state(**found: Any) -> dict[str, Any]:
    """A host whose engine runs with DESIRED in force, and no container."""
    return {
        "installed": True,
        "running": True,
        "containers_running": 0,
        "live_restore": True,
        "swarm": False,
        "icc": False,
        "log_driver": "json-file",
        "flags": [],
        "restartable": True,
        "config": dict(DESIRED),
        **found,
    }


def test_an_engine_as_desired_is_left_alone() -> None:
    plan = engine_plan(state(), DESIRED)
    assert not any(plan[key] for key in ("write", "reload", "restart", "start", "waiting", "withheld"))


def test_a_host_without_an_engine_gets_all_settings_and_a_start() -> None:
    plan = engine_plan(state(installed=False, running=False, config={}, icc=None, log_driver=None), DESIRED)
    assert plan["config"] == DESIRED
    assert (plan["write"], plan["start"], plan["reload"], plan["restart"]) == (True, True, False, False)


def test_a_stopped_engine_is_started_without_a_change_of_settings() -> None:
    plan = engine_plan(state(running=False), DESIRED)
    assert (plan["write"], plan["start"]) == (False, True)


def test_the_operators_own_settings_stay() -> None:
    plan = engine_plan(state(config={**DESIRED, "registry-mirrors": ["https://mirror.example"]}), DESIRED)
    assert plan["config"]["registry-mirrors"] == ["https://mirror.example"]
    assert not plan["write"]


def test_an_idle_engine_is_restarted_for_what_only_a_restart_reads() -> None:
    plan = engine_plan(state(config={}, icc=True), DESIRED)
    assert (plan["write"], plan["restart"], plan["reload"], plan["waiting"]) == (True, True, False, [])


def test_an_engine_with_containers_reads_what_it_can_and_the_rest_waits() -> None:
    plan = engine_plan(state(config={}, icc=True, containers_running=3), DESIRED)
    assert (plan["write"], plan["restart"], plan["reload"]) == (True, False, True)
    # the log driver is in force already, by the engine's own default; nobody can tell of its options
    assert plan["waiting"] == ["icc", "log-opts"]


@pytest.mark.parametrize(("policy", "restarts"), [("idle", False), ("live", True), ("never", False)])
def test_the_operator_says_when_containers_bear_a_restart(policy: str, restarts: bool) -> None:
    assert engine_plan(state(config={}, icc=True, containers_running=3), DESIRED, policy)["restart"] is restarts
    assert engine_plan(state(containers_running=3), DESIRED, policy)["may_restart"] is restarts


def test_an_engine_that_somebody_started_by_hand_is_not_restarted() -> None:
    plan = engine_plan(state(config={}, icc=True, restartable=False), DESIRED)
    assert not plan["restart"]
    assert "icc" in plan["waiting"]


def test_settings_written_after_the_start_still_wait() -> None:
    plan = engine_plan(state(icc=True, containers_running=1), DESIRED)
    assert (plan["write"], plan["waiting"]) == (False, ["icc", "log-opts"])


def test_what_is_on_the_command_line_is_left_out() -> None:
    plan = engine_plan(state(config={}, flags=["icc", "log-driver"]), DESIRED)
    assert set(plan["config"]) == {"live-restore"}
    assert set(plan["withheld"]) == {"icc", "log-driver", "log-opts"}


def test_a_swarm_node_keeps_containers_from_outliving_it() -> None:
    plan = engine_plan(state(config={}, swarm=True, live_restore=False), DESIRED)
    assert "live-restore" not in plan["config"]
    assert set(plan["withheld"]) == {"live-restore"}


def test_flags_are_found_in_both_spellings() -> None:
    argv = ["/usr/sbin/dockerd", "--icc=false", "-H", "fd://", "--log-driver", "local"]
    assert command_line_keys(argv) == ["icc", "log-driver"]
