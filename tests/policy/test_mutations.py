"""Whatever is broken in the real environment is caught by the policy that names it."""

from __future__ import annotations

from collections import Counter

import pytest

from policies.base import Outcome
from policies.scan import load_policies
from tests.policy.mutations import Mutation, mutations, render

LEAST = 60


@pytest.fixture(scope="module")
def all_mutations(tmp_path_factory: pytest.TempPathFactory) -> list[Mutation]:
    return list(mutations(render(tmp_path_factory.mktemp("rendered"))))


def test_every_mutation_is_caught(all_mutations: list[Mutation]) -> None:
    missed = []
    for entry in all_mutations:
        before, after = entry.policy.evaluate(entry.sound), entry.policy.evaluate(entry.broken)
        assert before is not None
        assert before.outcome is Outcome.PASSED, f"{entry.target} fails {entry.policy.id} unbroken: {before.problems}"
        if after is None or after.outcome is not Outcome.FAILED:
            missed.append(f"{entry.policy.id} {entry.target}: {entry.name}")
    assert missed == []


def test_there_are_enough_of_them(all_mutations: list[Mutation]) -> None:
    assert len(all_mutations) >= LEAST
    caught = Counter(entry.policy.id for entry in all_mutations)
    without_live = {policy.id for policy in load_policies() if "LIVE" not in policy.idle}
    assert without_live - set(caught) == set(), "policies that nothing on the real environment was broken for"
