"""A run with nothing to do predicts nothing, and does nothing."""

from __future__ import annotations

import re

from tests.environment import Environment


def recap(output: str) -> dict[str, int]:
    """The numbers of the recap, added up over the hosts."""
    lines = output[output.rindex("PLAY RECAP") :].splitlines()[1:]
    counts: dict[str, int] = {}
    for line in lines:
        for key, number in re.findall(r"(\w+)=(\d+)", line):
            counts[key] = counts.get(key, 0) + int(number)
    return counts


def test_check_mode_predicts_nothing(unchanged_run: str) -> None:
    counts = recap(unchanged_run)
    assert counts["ok"] > 20
    assert (counts["changed"], counts["failed"], counts["unreachable"]) == (0, 0, 0)


def test_check_mode_predicts_a_change_and_makes_none(environment: Environment) -> None:
    """Or the test above would pass for a check mode that sees nothing."""
    before = {name: entry["Id"] for name, entry in environment.containers().items()}
    done = environment.playbook("site.yml", "--check", "--diff", "-e", "nginx_workers=3")
    assert done.returncode == 0, done.stdout
    assert recap(done.stdout)["changed"] == 1
    assert "+worker_processes 3;" in done.stdout
    assert f"reload {environment.name}-nginx" in done.stdout
    assert {name: entry["Id"] for name, entry in environment.containers().items()} == before
