"""Reports name what failed, where, and keep the reasons of what is relaxed."""

from __future__ import annotations

from pathlib import Path

from policies import report
from policies.base import Outcome
from policies.scan import Result


def test_json_holds_every_evaluation(scanned: Result) -> None:
    data = report.as_json(scanned)
    assert len(data["findings"]) == len(scanned.findings)
    assert sum(entry["evaluated"] for entry in data["policies"]) == len(scanned.findings)


def test_junit_counts_agree(scanned: Result) -> None:
    suite = report.as_junit(scanned)[0]
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    assert len(suite.findall("testcase")) == len(scanned.findings) + len(scanned.faults)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))


def test_sarif_points_at_lines_and_suppresses_what_is_relaxed(scanned: Result) -> None:
    run = report.as_sarif(scanned, Path("specs"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(scanned.findings) - len(scanned.with_outcome(Outcome.PASSED))
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
    lines = [found["locations"][0]["physicalLocation"]["region"]["startLine"] for found in run["results"]]
    assert min(lines) >= 1
    assert max(lines) > 10
    suppressed = [found["suppressions"][0] for found in run["results"] if "suppressions" in found]
    assert len(suppressed) == len(scanned.with_outcome(Outcome.RELAXED))
    assert all(entry["justification"] for entry in suppressed)


def test_table_shows_relaxations_with_their_reason(scanned: Result) -> None:
    assert "read_only_root/with-reason: read_only is False. the vendor's installer" in report.table(scanned)
