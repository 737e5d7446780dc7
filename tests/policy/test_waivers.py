"""A waiver covers what it names until its day; one that is wrong, expired or of no use is a failure itself."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies import waivers
from policies.base import Outcome
from policies.scan import scan

TODAY = datetime.date(2026, 11, 21)
GOOD = {
    "policy": "CKV_SLIP_101",
    "resource": "node1/fixture-*",
    "reason": "the vendor's installer needs it until release 5",
    "owner": "ada@example.org",
    "expires": datetime.date(2026, 12, 31),
}


def written(tmp_path: Path, *entries: Any) -> Path:
    path = tmp_path / "policy-waivers.yml"
    path.write_text(yaml.safe_dump(list(entries)))
    return path


@pytest.fixture
def privileged(tmp_path: Path, good: dict[str, Any]) -> Path:
    good["container"]["privileged"] = True
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "web.json").write_text(json.dumps(good))
    return folder


def test_no_file_is_no_waiver(tmp_path: Path) -> None:
    assert waivers.read(tmp_path / "none.yml", TODAY) == ([], [])


def test_a_waiver_covers_what_it_names(tmp_path: Path, privileged: Path) -> None:
    accepted, faults = waivers.read(written(tmp_path, GOOD), TODAY)
    assert faults == []
    result = scan(privileged, waivers=accepted)
    assert result.with_outcome(Outcome.FAILED) == []
    (waived,) = result.with_outcome(Outcome.WAIVED)
    assert waived.policy.id == "CKV_SLIP_101"
    assert "ada@example.org, until 2026-12-31" in waived.evaluation.reason


def test_a_waiver_of_another_target_covers_nothing_and_is_a_fault(tmp_path: Path, privileged: Path) -> None:
    accepted, _ = waivers.read(written(tmp_path, {**GOOD, "resource": "node2/*"}), TODAY)
    result = scan(privileged, waivers=accepted)
    assert [finding.policy.id for finding in result.with_outcome(Outcome.FAILED)] == ["CKV_SLIP_101"]
    assert "waiver of CKV_SLIP_101 for node2/* waives nothing: remove it" in result.faults


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({**GOOD, "expires": datetime.date(2026, 11, 20)}, "it expired on 2026-11-20"),
        ({**GOOD, "expires": "soon"}, "expires is 'soon', not a date"),
        ({**GOOD, "owner": ""}, "owner is empty"),
        ({**GOOD, "reason": None}, "reason is empty"),
        ({**GOOD, "policy": "the one with root"}, "not the id of a policy"),
        ({**GOOD, "until": 1}, "it must have exactly the keys policy, resource, reason, owner, expires"),
        ("CKV_SLIP_101", "it must have exactly the keys"),
    ],
)
def test_a_waiver_that_is_wrong_is_refused(tmp_path: Path, entry: Any, said: str) -> None:
    accepted, faults = waivers.read(written(tmp_path, entry), TODAY)
    assert accepted == []
    assert len(faults) == 1
    assert said in faults[0]


@pytest.mark.parametrize("text", ["policy: CKV_SLIP_101", "- [", "hello"])
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy-waivers.yml"
    path.write_text(text)
    accepted, faults = waivers.read(path, TODAY)
    assert accepted == []
    assert len(faults) == 1


@pytest.mark.parametrize(("threshold", "ok"), [("low", False), ("critical", False)])
def test_a_critical_failure_counts_at_every_threshold(privileged: Path, threshold: str, ok: bool) -> None:
    assert bool(scan(privileged, threshold=threshold).blocking) is not ok


def test_a_medium_failure_does_not_count_above_its_level(tmp_path: Path, good: dict[str, Any]) -> None:
    good["container"]["pids_limit"] = 0
    (tmp_path / "web.json").write_text(json.dumps(good))
    assert scan(tmp_path, threshold="medium").blocking
    assert not scan(tmp_path, threshold="high").blocking
