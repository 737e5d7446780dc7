"""Versions fail as their last day passes, and warn ninety days before."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from policies import end_of_life
from policies.base import Outcome
from policies.environment.end_of_life import policy
from tests.policy.cases import load_good, merged


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_day(text: str) -> None:
        monkeypatch.setattr(end_of_life, "today", lambda: datetime.date.fromisoformat(text))

    return set_day


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        ("2029-01-01", Outcome.PASSED),
        ("2029-08-10", Outcome.WARNED),
        ("2029-11-08", Outcome.WARNED),
        ("2029-11-09", Outcome.FAILED),
    ],
)
def test_a_version_grows_old(on: Any, day: str, outcome: Outcome) -> None:
    on(day)
    document = merged(load_good("environment"), {"platform": {"python": "ABSENT", "debian": "ABSENT"}})
    evaluation = policy.evaluate(document)
    assert evaluation
    assert evaluation.outcome is outcome


@pytest.mark.parametrize(
    ("product", "version", "last"),
    [
        ("python", "3.8.19", "2024-10-07"),
        ("debian", "bullseye", "2026-08-31"),
        ("postgres", "13", "2025-11-13"),
        ("postgresql", "17.6", "2029-11-08"),
    ],
)
def test_versions_are_found_in_the_table(product: str, version: str, last: str) -> None:
    assert end_of_life.last_day(product, version) == datetime.date.fromisoformat(last)


def test_an_old_version_that_nobody_listed_is_refused(on: Any) -> None:
    on("2026-11-21")
    assert end_of_life.ended("python", "3.5") == "is not in the table of maintained versions"
    assert end_of_life.ended("python", "3.99") == ""
    assert end_of_life.ended("zope", "1") == ""
