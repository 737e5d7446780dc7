"""Every policy can pass and can fail, and says nothing about what is not its business."""

from __future__ import annotations

import sys

import pytest

from policies.base import ContainerPolicy
from policies.scan import Result, load_policies
from tests.policy.cases import Case, load_cases

CASES = load_cases()
POLICIES = {type(policy).__module__.rpartition(".")[2]: policy for policy in load_policies()}
# Counted by hand, so that a policy that stops loading, or a fixture that stops being read, is noticed.
POLICY_COUNT = 14


def test_all_policies_load() -> None:
    assert len(POLICIES) == POLICY_COUNT


@pytest.mark.parametrize("module", sorted(POLICIES))
def test_policy_has_a_passing_and_a_failing_fixture(module: str) -> None:
    outcomes = {case.outcome for case in CASES if case.module == module}
    assert {"passed", "failed"} <= outcomes
    assert ("relaxed" in outcomes) == bool(POLICIES[module].relaxed_by)


def test_every_policy_evaluated_every_fixture(scanned: Result) -> None:
    assert scanned.faults == []
    assert len(scanned.documents) == len(CASES)
    assert len(scanned.findings) == len(CASES) * POLICY_COUNT


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_fixture_is_found_as_named(case: Case, scanned: Result) -> None:
    found = {
        finding.policy.id: finding.evaluation.outcome.value
        for finding in scanned.findings
        if finding.document == case.file
    }
    own = POLICIES[case.module].id
    assert found.pop(own) == case.outcome
    assert set(found.values()) == {"passed"}, "a fixture breaks one thing"


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: policy.id)
def test_policy_explains_itself(policy: ContainerPolicy) -> None:
    assert sys.modules[type(policy).__module__].__doc__ == f"{policy.id}."
    for text in ("why", "name", "mend", "reference"):
        assert len(getattr(policy, text)) > 15, text
    assert policy.level in ("critical", "high", "medium", "low")
