"""Three applications in one environment: it converges, answers, and passes every policy."""

from __future__ import annotations

import json
from pathlib import Path

from tests.environment import Environment
from tests.infra.test_convergence import recap


def test_a_second_run_changes_nothing(environment: Environment) -> None:
    done = environment.playbook("site.yml")
    counts = recap(done.stdout)
    assert (counts["changed"], counts["failed"], counts["unreachable"]) == (0, 0, 0), done.stdout[-4000:]


def test_every_application_answers(environment: Environment) -> None:
    done = environment.playbook("playbooks/smoke.yml")
    assert done.returncode == 0, done.stdout[-4000:]


def test_what_runs_passes_every_policy(environment: Environment, tmp_path: Path) -> None:
    given = {"policy_live": True, "policy_judges": False, "policy_output": str(tmp_path / "policy")}
    folder = {"slipway_render_dir": str(tmp_path / "rendered")}
    done = environment.playbook("playbooks/policy.yml", "-e", json.dumps({**given, **folder}))
    report = json.loads((tmp_path / "policy/report.json").read_text())
    failed = [finding for finding in report["findings"] if finding["outcome"] == "failed"]
    assert (failed, report["faults"], done.returncode) == ([], [], 0)
