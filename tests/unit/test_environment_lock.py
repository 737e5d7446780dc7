"""Two runs of ansible-playbook never change one environment at a time, and a dead one stands in nobody's way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - slipway.kit.environment_lock: {environment: shop, path: "{{ path }}"}
    - slipway.kit.environment_lock: {environment: shop, path: "{{ path }}"}
    - command: sleep {{ seconds }}
"""
Start = Callable[[int], subprocess.Popen[str]]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "control/lock"


@pytest.fixture
def start(tmp_path: Path, lock: Path) -> Iterator[Start]:
    playbook = tmp_path / "hold.yml"
    playbook.write_text(PLAYBOOK)
    runs: list[subprocess.Popen[str]] = []

    def start_run(seconds: int) -> subprocess.Popen[str]:
        variables = json.dumps({"path": str(lock), "seconds": seconds, "ansible_python_interpreter": sys.executable})
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-e", variables]
        settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
        started = subprocess.Popen(
            [*command, str(playbook)],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        runs.append(started)
        return started

    yield start_run
    for started in runs:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def held(lock: Path, pid: int) -> None:
    deadline = time.monotonic() + 60
    while not (lock.exists() and lock.read_text() and json.loads(lock.read_text())["pid"] == pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_second_run_is_refused_and_told_who_holds_it(start: Start, lock: Path) -> None:
    first = start(60)
    held(lock, first.pid)
    second = start(0)
    said, _ = second.communicate(timeout=300)
    assert second.returncode != 0
    assert f"Environment shop is being changed by process {first.pid}" in " ".join(said.split())
    assert "hold.yml" in said
    assert "seconds" not in lock.read_text()


def test_a_run_that_was_killed_leaves_it_free(start: Start, lock: Path) -> None:
    first = start(60)
    held(lock, first.pid)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    second = start(0)
    said, _ = second.communicate(timeout=300)
    assert second.returncode == 0, said


def test_a_lock_that_was_cut_short_is_free(start: Start, lock: Path) -> None:
    lock.parent.mkdir()
    lock.write_text('{"pid": 1, "sta')
    run = start(0)
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
