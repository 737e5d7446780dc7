"""Every policy can pass and can fail, and says nothing about what is not its business."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pytest

from policies.base import Policy
from policies.scan import Result, load_policies
from tests.policy.cases import Case, load_cases

CASES = load_cases()
POLICIES = {tuple(type(policy).__module__.split(".")[1:]): policy for policy in load_policies()}
# Counted by hand, so that a policy that stops loading, or a fixture that stops being read, is noticed.
POLICY_COUNT = 112


def test_all_policies_load() -> None:
    assert len(POLICIES) == POLICY_COUNT


@pytest.mark.parametrize("place", sorted(POLICIES), ids="/".join)
def test_policy_has_a_passing_and_a_failing_fixture(place: tuple[str, str]) -> None:
    outcomes = {case.outcome for case in CASES if (case.package, case.module) == place}
    assert {"passed", "failed"} <= outcomes
    assert ("relaxed" in outcomes) == bool(POLICIES[place].relaxed_by)


def test_no_fixture_is_without_a_policy() -> None:
    assert {(case.package, case.module) for case in CASES} == set(POLICIES)


def test_every_fixture_was_evaluated_by_the_policies_it_concerns(scanned: Result) -> None:
    skip = "container/read_only_root/failed-skip-comment-in-a-value.json: a value of it says 'checkov:skip'"
    assert scanned.faults == [skip]
    assert len(scanned.documents) == len(CASES)
    kinds = Counter(case.document["kind"] for case in CASES)
    for policy in POLICIES.values():
        assert 2 <= len(scanned.of(policy)) <= kinds[policy.kind]
    pairs = sum(policy.evaluate(case.document) is not None for case in CASES for policy in POLICIES.values())
    assert len(scanned.findings) == pairs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_fixture_is_found_as_named(case: Case, scanned: Result) -> None:
    found = {
        finding.policy.id: finding.evaluation.outcome.value
        for finding in scanned.findings
        if finding.document == case.file
    }
    own = POLICIES[(case.package, case.module)].id
    assert found.pop(own) == case.outcome
    if case.outcome == "passed":
        assert set(found.values()) <= {"passed"}, "a fixture that passes breaks nothing else"


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: str(policy.id))
def test_policy_explains_itself(policy: Policy[Any]) -> None:
    assert sys.modules[type(policy).__module__].__doc__ == f"{policy.id}."
    assert type(policy).__doc__
    for text in ("why", "name", "mend", "reference"):
        assert len(getattr(policy, text)) > 15, text
    assert policy.level in ("critical", "high", "medium", "low")
    assert policy.audit
