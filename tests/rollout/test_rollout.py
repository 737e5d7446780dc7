"""Deploys that work: nobody notices them, they do what the plan says, and the way back is known."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.environment import Environment, docker
from tests.rollout.conftest import Deploy
from tests.rollout.deploying import serving, start
from tests.rollout.load import Load

PLANNED = re.compile(r"^\s*\+?\s*(run|exchange|create|start|remove) (roll-\S+) \(?.*$", re.MULTILINE)


def version_of(environment: Environment) -> set[str]:
    found = environment.containers()
    return {found[name]["Config"]["Labels"]["slipway.version"] for name in environment.replicas("devicehub", "web")}


def planned(said: str) -> list[tuple[str, str]]:
    """Verbs and names of the plan that a run with --check --diff prints."""
    plan = said.split("plan for app-devicehub:", 1)[1].split("\n\n", 1)[0]
    return PLANNED.findall(plan)


@contextmanager
def watching() -> Iterator[list[tuple[str, str]]]:
    """The same, of what the engine says happens meanwhile. (Afterwards it knows no more than its last 256 events.)"""
    command = ["docker", "events", "--filter=type=container", "--filter=label=slipway.service=app-devicehub"]
    command += [f"--filter=event={event}" for event in ("create", "destroy")]
    command += ["--format={{.Action}} {{.Actor.Attributes.name}}"]
    found: list[tuple[str, str]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as events:
        time.sleep(1)
        yield found
        time.sleep(1)
        events.terminate()
        found += [verb for line in events.communicate()[0].splitlines() for verb in verbs(line)]


def verbs(line: str) -> list[tuple[str, str]]:
    """What an event means in the words of a plan."""
    action, name = line.split(" ", 1)
    one_off = re.fullmatch(r"(roll-.*-(?:checks|release))-[0-9a-f]+", name)
    if not name.startswith("roll-") or (one_off and action == "destroy"):
        return []
    if one_off:
        return [("run", one_off[1])]
    if action == "create":
        return [("exchange", name.removesuffix("-next"))] if name.endswith("-next") else [("create", name)]
    return [] if name.endswith("-old") else [("remove", name)]


def test_a_deploy_is_noticed_by_nobody(environment: Environment, deploy: Deploy, replicas: dict[str, str]) -> None:
    version = f"2.0.{int(time.time())}"
    with Load(environment) as load:
        outcome = deploy("-e", f"version={version}")
    assert outcome.status == 0, outcome.said[-3000:]
    assert version_of(environment) == {version}
    assert not set(serving(environment).values()) & set(replicas.values())
    assert load.report.problems() == []
    assert load.report.closed_well > 0, "no WebSocket met the exchange"
    again = deploy("-e", f"version={version}")
    assert "changed=0" in again.said.replace(" ", ""), again.said[-2000:]


@pytest.mark.long
def test_a_deploy_does_what_its_plan_says(environment: Environment, deploy: Deploy, replicas: dict[str, str]) -> None:
    version = f"2.1.{int(time.time())}"
    more = {"version": version, "processes": {"web": {"replicas": 3}}}
    plan = deploy("--check", "--diff", contract=more)
    assert plan.status == 0, plan.said[-2000:]
    assert serving(environment) == replicas, "check mode changed something"
    with watching() as done:
        assert deploy(contract=more).status == 0
    assert planned(plan.said) == done
    assert len(serving(environment)) == 3

    # Fewer replicas: the difference goes, the others stay what they are.
    kept = {name: identifier for name, identifier in serving(environment).items() if not name.endswith("-3")}
    plan = deploy("--check", "--diff", "-e", f"version={version}")
    assert planned(plan.said) == [("remove", "roll-devicehub-web-3")]
    with Load(environment) as load, watching() as done:
        assert deploy("-e", f"version={version}").status == 0
    assert done == [("remove", "roll-devicehub-web-3")]
    assert serving(environment) == kept
    assert load.report.problems() == []


def test_a_rollback_knows_where_to_go(environment: Environment, deploy: Deploy) -> None:
    before = version_of(environment)
    assert deploy("-e", f"version=3.0.{int(time.time())}").status == 0
    assert version_of(environment) != before
    # Also when there is nothing left to look at.
    for name in environment.replicas("devicehub", "web"):
        docker("rm", "--force", f"roll-{name}")
    outcome = deploy(name="rollback")
    assert outcome.status == 0, outcome.said[-3000:]
    assert version_of(environment) == before
    history = deploy(name="history").said
    assert "rolled back" in history
    assert "rollback to what began" in history


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"the deploy ended without saying {words!r}")


@pytest.mark.long
def test_a_second_deploy_is_refused_and_a_dead_one_leaves_no_lock(environment: Environment, deploy: Deploy) -> None:
    version = f"4.0.{int(time.time())}"
    with Load(environment) as load:
        first = start(environment, "-e", f"version={version}")
        wait_for(first, "exchange roll-devicehub-web-1")
        second = deploy("-e", "version=4.1.0")
        assert second.status != 0
        assert "is being changed by" in second.said
        assert f"process {first.pid}" in second.said
        assert f"deploy, version {version}" in second.said
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        third = deploy("-e", f"version={version}")
    assert third.status == 0, third.said[-3000:]
    assert version_of(environment) == {version}
    assert load.report.problems() == []
    names = docker("ps", "--all", "--filter=label=slipway.service=app-devicehub", "--format={{.Names}}").split()
    assert sorted(names) == ["roll-devicehub-web-1", "roll-devicehub-web-2"]


@pytest.mark.long
def test_a_second_deploy_waits_where_it_is_told_to(environment: Environment, deploy: Deploy) -> None:
    earlier, later = (f"5.{number}.{int(time.time())}" for number in range(2))
    first = start(environment, "-e", f"version={earlier}")
    wait_for(first, "exchange roll-devicehub-web-1")
    second = deploy("-e", f"version={later}", "-e", "app_lease_wait=300")
    assert second.status == 0, second.said[-3000:]
    assert f"deploy, version {earlier}. Waiting." in second.said
    first.communicate()
    assert first.returncode == 0
    assert version_of(environment) == {later}


def test_a_command_runs_once_and_tells_how_it_ended(deploy: Deploy) -> None:
    told = deploy("-e", json.dumps({"command": ["python", "manage.py", "showmigrations", "hub"]}), name="run")
    assert told.status == 0
    assert "0001_initial" in told.said
    failed = deploy("-e", json.dumps({"command": ["python", "-c", "raise SystemExit(7)"]}), name="run")
    assert failed.status != 0
    assert "ended with status 7" in failed.said
