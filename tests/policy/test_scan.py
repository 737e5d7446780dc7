"""A scan that looked at nothing, or could not look, says so and fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checkov.common.models.enums import CheckResult

from policies.base import Audit, ContainerPolicy, Outcome
from policies.run import main
from policies.scan import load_policies, scan
from policies.sources import dockerfile_document, task_document
from policies.subjects import Spec
from tests.policy.cases import load_good

DOCKERFILE = "ARG BASE\nFROM ${BASE}\nUSER 10100:10100\nHEALTHCHECK NONE\n"
TASKS = "- name: Say\n  ansible.builtin.debug: {msg: hello}\n"


class _Crashing(ContainerPolicy):
    """Raises on every document."""

    id = "CKV_SLIP_9001"
    name = "A policy that crashes"
    level = "low"
    audit = Audit.DRIFT
    reference = mend = "none"
    evaluates = "container"

    def problems(self, spec: Spec) -> Iterator[str]:
        raise KeyError(spec.name)


class _Unregistered(_Crashing):
    """Never reaches checkov's registry."""

    id = "CKV_SLIP_9002"

    def __init__(self) -> None:
        self.evaluations = {}


@pytest.fixture
def specs(tmp_path: Path, good: dict[str, Any]) -> Path:
    """A folder with a good document of each kind."""
    folder = tmp_path / "specs"
    (folder / "node1").mkdir(parents=True)
    (folder / "node1" / "fixture-web.json").write_text(json.dumps(good, indent=2))
    for name in ("nginx", "router", "postgres", "pgbouncer", "redis", "sentinel", "etcd", "environment"):
        (folder / f"{name}.json").write_text(json.dumps(load_good(name), indent=2))
    (folder / "Dockerfile.json").write_text(json.dumps(dockerfile_document("Dockerfile", DOCKERFILE)))
    (folder / "tasks.json").write_text(json.dumps(task_document("tasks.yml", TASKS)))
    return folder


def test_good_documents_pass_all(specs: Path) -> None:
    result = scan(specs)
    assert result.faults == []
    assert result.ok
    assert {policy.idle for policy in result.idle} == {
        "looks at running containers: LIVE=1",
        "looks at running hosts: LIVE=1",
    }
    assert {finding.evaluation.outcome for finding in result.findings} == {Outcome.PASSED}


def test_no_documents_is_a_fault(tmp_path: Path) -> None:
    result = scan(tmp_path / "absent")
    assert not result.ok
    assert "nothing was scanned" in result.faults[0]


def test_a_policy_that_evaluates_nothing_is_reported(specs: Path) -> None:
    result = scan(specs, [_Unregistered()])
    assert "CKV_SLIP_9002 is not registered with checkov" in result.faults
    assert "CKV_SLIP_9002 did not evaluate node1/fixture-web.json" in result.faults


def test_a_policy_that_crashes_fails(good: dict[str, Any]) -> None:
    evaluation = object.__new__(_Crashing).evaluate(good)
    assert evaluation
    assert evaluation.outcome is Outcome.FAILED
    assert "could not read this document: KeyError('fixture-web')" in evaluation.problems[0]


def test_a_document_that_is_no_spec_is_a_fault(specs: Path) -> None:
    (specs / "node1" / "broken.json").write_text('{"host": "node1"}')
    (specs / "node1" / "cut.json").write_text('{"host": ')
    faults = scan(specs).faults
    assert any("node1/broken.json is no document that policies know" in fault for fault in faults)
    assert any("node1/cut.json is no document that policies know" in fault for fault in faults)


@pytest.mark.parametrize("part", ["relaxations", "container", "files"])
def test_a_missing_part_fails_and_never_passes(good: dict[str, Any], part: str) -> None:
    del good[part]
    evaluated = [evaluation for policy in load_policies() if (evaluation := policy.evaluate(good))]
    assert len(evaluated) > 18
    assert {evaluation.outcome for evaluation in evaluated} == {Outcome.FAILED}


def test_a_skip_comment_in_a_value_changes_nothing(good: dict[str, Any]) -> None:
    good["container"]["read_only"] = False
    policy = next(entry for entry in load_policies() if entry.id == "CKV_SLIP_105")
    result = policy.run("x.json", good, "x", "*", {"id": policy.id, "suppress_comment": "trust me"})
    assert result["result"] is CheckResult.FAILED


def test_exit_status_and_reports(specs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "reports"
    assert main([str(specs), "--output", str(output)]) == 0
    assert "0 failed, 0 faults" in capsys.readouterr().out
    assert {path.name for path in output.iterdir()} == {"report.json", "junit.xml", "policy.sarif", "index.html"}

    document = json.loads((specs / "node1" / "fixture-web.json").read_text())
    document["container"]["privileged"] = True
    (specs / "node1" / "fixture-web.json").write_text(json.dumps(document))
    assert main([str(specs), "--output", str(output)]) == 1
    printed = capsys.readouterr().out
    assert "CKV_SLIP_101 node1/fixture-web: privileged is True, not false" in printed
    assert "mend: State privileged: false" in printed
    assert main([str(tmp_path / "absent"), "--output", str(output)]) == 1
