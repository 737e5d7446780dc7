"""The faults that cost the most where nobody thought of them, a few of them; `make faults` is about all."""

from __future__ import annotations

import pytest

from tests.environment import Environment, changed_nothing
from tests.faults.faults import FAULTS, Fault, suffer
from tests.faults.lab import Lab

CHOSEN = (
    "postgres: SIGKILL of the leader",
    "postgres: the leader's host loses power",
    "postgres: the leader's host loses power, with fencing",
    "redis: SIGKILL of the master",
    "redis: planned switchover",
)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in CHOSEN], ids=lambda fault: fault.name)
def test_nothing_that_was_acknowledged_is_lost(lab: Lab, environment: Environment, fault: Fault) -> None:
    outcome = suffer(lab, fault, environment.domain, environment.ca)
    print(outcome.line())
    assert outcome.lost["postgres"] == 0
    assert outcome.fenced_rightly
    if "redis" not in fault.may_lose:
        assert outcome.lost["redis"] == 0
    # Somebody wrote before and after.
    assert outcome.failed["postgres"][1] - outcome.failed["postgres"][0] > 100


def test_a_run_after_all_this_changes_nothing_and_moves_nobody_back(lab: Lab, environment: Environment) -> None:
    lab.wait_until_well()
    before = lab.leader().name, lab.master().name
    said = environment.converge()
    assert changed_nothing(said), said[-4000:]
    assert (lab.leader().name, lab.master().name) == before
