"""When a scheduled command is due, and that it is told how each ended. The program as it runs in containers."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.contract import normalise, validate_applications

SOURCE = Path(__file__).parents[2] / "roles/app/files/schedule.py"
CONTRACT: dict[str, Any] = {
    "version": "1",
    "image": {"reference": f"example.org/shop@sha256:{'0' * 64}"},
    "processes": {"worker": {"command": ["work"], "memory": "512m", "order": 20, "probe": {"none": "it has no port"}}},
}


@pytest.fixture(scope="module")
def schedule() -> Any:
    specification = importlib.util.spec_from_file_location("schedule", SOURCE)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("cron", "moment", "expected"),
    [
        ("* * * * *", "2026-11-21 04:05", True),
        ("5 4 * * *", "2026-11-21 04:05", True),
        ("5 4 * * *", "2026-11-21 05:05", False),
        ("*/15 * * * *", "2026-11-21 04:45", True),
        ("*/15 * * * *", "2026-11-21 04:50", False),
        ("10-20/5 * * * *", "2026-11-21 04:15", True),
        ("50/5 * * * *", "2026-11-21 04:55", True),
        ("0 0 1 * *", "2026-11-01 00:00", True),
        ("0 0 * * 6", "2026-11-21 00:00", True),
        ("0 0 * * 0", "2026-11-22 00:00", True),
        ("0 0 * * 7", "2026-11-22 00:00", True),
        ("0 0 1 * 6", "2026-11-21 00:00", True),
        ("0 0 1 * 5", "2026-11-21 00:00", False),
        ("0 0 * 12 *", "2026-11-21 00:00", False),
    ],
)
def test_what_is_due(schedule: Any, cron: str, moment: str, expected: bool) -> None:
    assert schedule.due(cron, datetime.fromisoformat(moment)) is expected


def test_it_tells_how_each_ended_and_waits_for_it(tmp_path: Path) -> None:
    """The loop from a due minute on: one command ends well, one badly, one not in time, one does not exist."""
    entries = [
        {"name": "good", "cron": "* * * * *", "timeout": 9, "command": ["sh", "-c", "sleep 1"]},
        {"name": "bad", "cron": "* * * * *", "timeout": 9, "command": ["sh", "-c", "exit 4"]},
        {"name": "slow", "cron": "* * * * *", "timeout": 1, "command": ["sleep", "60"]},
        {"name": "none", "cron": "* * * * *", "timeout": 9, "command": ["/nowhere"]},
    ]
    program = (
        f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); import schedule, json, pathlib\n"
        f"schedule.ALIVE = pathlib.Path({str(tmp_path / 'alive')!r})\n"
        f"s = schedule.Schedule(json.loads({json.dumps(entries)!r}))\n"
        "for entry in s.entries: s.begin(entry)\n"
        "s.begin(s.entries[0])\n"
        "s.end(); s.run()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said = [json.loads(line)["message"] for line in done.stdout.splitlines()]
    assert "good ended with status 0" in said
    assert "bad ended with status 4" in said
    assert "slow is given up after 1 s" in said
    assert f"slow ended with status {-signal.SIGKILL}" in said
    assert "none cannot start: No such file or directory" in said
    assert "good still runs; this time it is left out" in said


def test_the_contract_gives_it_a_process() -> None:
    scheduled = {"name": "clean", "cron": "0 3 * * *", "command": ["clean"]}
    process = normalise("shop", {**CONTRACT, "schedule": [scheduled]})["processes"]["schedule"]
    assert process["singleton"] is True
    assert (process["memory"], process["order"], process["replicas"]) == ("512m", 21, 1)
    assert "schedule" not in normalise("shop", CONTRACT)["processes"]


@pytest.mark.parametrize(
    "cron", ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *"]
)
def test_what_never_comes_is_refused(cron: str) -> None:
    scheduled = {"name": "clean", "cron": cron, "command": ["clean"]}
    (problem,) = validate_applications({"shop": {**CONTRACT, "schedule": [scheduled]}})
    assert problem.where == "slipway_applications.shop.schedule[0].cron"


@pytest.mark.parametrize("cron", ["* * * *", "every day", "* * * * * *", "@daily", "1,, * * * *"])
def test_what_is_no_cron_is_refused(cron: str) -> None:
    scheduled = {"name": "clean", "cron": cron, "command": ["clean"]}
    assert validate_applications({"shop": {**CONTRACT, "schedule": [scheduled]}})


def test_its_process_has_a_name_of_its_own() -> None:
    processes = {**CONTRACT["processes"], "schedule": CONTRACT["processes"]["worker"]}
    scheduled = {"name": "clean", "cron": "0 3 * * *", "command": ["clean"]}
    (problem,) = validate_applications({"shop": {**CONTRACT, "processes": processes, "schedule": [scheduled]}})
    assert problem.where == "slipway_applications.shop.processes.schedule"
