"""Processes that nobody asks over HTTP: workers end their task, singletons are never two, what is scheduled runs."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.environment import Environment, docker
from tests.rollout.conftest import Deploy

NONE = {"none": "it listens on no port, and writes what it does"}
# A worker that notes when it begins and ends each task, and ends the one it is at before it goes.
WORKER = """
import signal, sys, time
ending = []
signal.signal(signal.SIGTERM, lambda *_: ending.append(1))
n = 0
while not ending:
    n += 1
    print("begun", n, file=open("/var/tmp/worker", "a"), flush=True)
    time.sleep(4)
    print("ended", n, file=open("/var/tmp/worker", "a"), flush=True)
"""
CLOCK = """
import os, time
while True:
    print(f"{os.environ['HOSTNAME']} {time.time():.2f}", file=open("/var/tmp/clock", "a"), flush=True)
    time.sleep(0.1)
"""
PROCESSES: dict[str, Any] = {
    "volumes": [{"name": "journal", "path": "/var/tmp"}],
    "processes": {
        "worker": {"command": ["python3", "-c", WORKER], "probe": NONE, "order": 1, "observe": 0, "stop_grace": 20},
        "clock": {"command": ["python3", "-c", CLOCK], "probe": NONE, "order": 20, "observe": 0, "singleton": True},
    },
    "schedule": [{"name": "tick", "cron": "* * * * *", "command": ["sh", "-c", "echo it is time >> /var/tmp/tick"]}],
}
#: A container of another host, as far as the lease knows.
OTHER = "roll-elsewhere"


@pytest.fixture(scope="module")
def processes(environment: Environment) -> Iterator[Environment]:
    deploy = Deploy(environment)
    outcome = deploy(contract={**PROCESSES, "version": f"6.{time.time_ns()}"})
    assert outcome.status == 0, outcome.said[-3000:]
    yield environment
    docker("rm", "--force", OTHER)
    outcome = deploy()
    assert outcome.status == 0, outcome.said[-3000:]
    docker("volume", "rm", "roll-devicehub-journal")


def journal(environment: Environment, name: str) -> list[str]:
    return environment.execute("devicehub-worker-1", "cat", f"/var/tmp/{name}").splitlines()


def spans(environment: Environment) -> list[tuple[str, float, float]]:
    """Who ran the singleton from when to when, in the order of their beginnings."""
    found: dict[str, list[float]] = {}
    for line in journal(environment, "clock"):
        host, moment = line.split()
        found.setdefault(host, []).append(float(moment))
    return sorted(((host, min(moments), max(moments)) for host, moments in found.items()), key=lambda span: span[1])


def never_two(environment: Environment) -> None:
    lines = [line.split() for line in journal(environment, "clock")]
    moments = sorted((float(moment), host) for host, moment in lines)
    changes = [(a, b) for a, b in itertools.pairwise(moments) if a[1] != b[1]]
    hosts = [moments[0][1], *(after[1] for _, after in changes)]
    assert len(hosts) == len(set(hosts)), f"two ran at once: {changes}"


def wait_for_host(environment: Environment, host: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not any(line.startswith(f"{host} ") for line in journal(environment, "clock")):
        assert time.monotonic() < deadline, f"{host} did not take over within {seconds} s"
        time.sleep(0.2)


@pytest.mark.long
def test_a_singleton_moves_when_its_host_dies_and_is_never_two(processes: Environment) -> None:
    processes.duplicate("devicehub-clock-1", "elsewhere")
    time.sleep(3)
    assert [host for host, _, _ in spans(processes)][-1] != "elsewhere", "both run"
    assert "standing by" in docker("logs", OTHER)
    docker("kill", "roll-devicehub-clock-1")  # which the engine does not start again
    killed = time.monotonic()
    wait_for_host(processes, "elsewhere", 25)
    assert time.monotonic() - killed > 5, "it was taken over before it could be known to be dead"
    never_two(processes)


@pytest.mark.long
def test_a_singleton_that_is_cut_off_ends_before_another_begins(processes: Environment) -> None:
    """`elsewhere` holds the lease and loses the database, not its life; the kit's own takes over."""
    docker("start", "roll-devicehub-clock-1")
    time.sleep(3)
    held = len(journal(processes, "clock"))
    docker("network", "disconnect", "roll-app-devicehub", OTHER)
    deadline = time.monotonic() + 30
    while journal(processes, "clock")[-1].startswith("elsewhere "):
        assert time.monotonic() < deadline, "nobody took over"
        time.sleep(0.2)
    time.sleep(1)
    after = [line.split() for line in journal(processes, "clock")[held:]]
    last = max(float(moment) for host, moment in after if host == "elsewhere")
    first = min(float(moment) for host, moment in after if host != "elsewhere")
    assert last < first, f"two ran for {last - first:.1f} s"
    assert "could not be renewed" in docker("logs", OTHER)


@pytest.mark.long
def test_a_worker_ends_its_task_before_it_goes(processes: Environment, deploy: Deploy) -> None:
    newer = {**PROCESSES, "version": f"7.{time.time_ns()}"}
    plan = deploy("--check", "--diff", contract=newer)
    order = re.findall(r"exchange roll-devicehub-([a-z]+)-\d", plan.said.split("plan for app-devicehub:", 1)[1])
    assert order == ["worker", "web", "web", "clock", "schedule"], "processes start in their order"
    outcome = deploy(contract=newer)
    assert outcome.status == 0, outcome.said[-3000:]
    lines = journal(processes, "worker")
    begun, ended = lines.count("begun 1"), lines.count("ended 1")
    assert begun == 2, "the worker was not exchanged"
    assert ended == 2 or lines[-1].startswith("begun"), lines
    open_tasks = sum(line.startswith("begun") for line in lines) - sum(line.startswith("ended") for line in lines)
    assert open_tasks <= 1, f"{open_tasks} tasks were begun and not ended, and one worker runs: {lines}"


@pytest.mark.long
def test_what_is_scheduled_runs(processes: Environment) -> None:
    deadline = time.monotonic() + 130
    while "tick ended with status 0" not in processes.log("devicehub-schedule-1"):
        assert time.monotonic() < deadline, processes.log("devicehub-schedule-1")
        time.sleep(1)
    assert "it is time" in journal(processes, "tick")
