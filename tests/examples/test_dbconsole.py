"""dbconsole from outside: what is watched through nginx, the scheduler takes, once, and its samples are read back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.environment import Environment, docker
from tests.examples.conftest import Api, logged_in

Until = Callable[..., Any]
SCHEDULER = "dbconsole-scheduler-1"


@pytest.fixture(scope="module")
def operator(environment: Environment) -> Iterator[Api]:
    with logged_in(environment, "dbconsole", password=environment.secrets["dbconsole/CONSOLE_PASSWORD"]) as api:
        yield api


@pytest.fixture
def watch(operator: Api) -> Iterator[str]:
    """The path of a watch that is taken every second."""
    path = f"/api/watches/{operator.post('/api/watches/', measure='connections', every=1)['id']}/"
    yield path
    assert operator.ask("DELETE", path).status_code == 204


def samples(operator: Api, watch: str) -> list[dict[str, Any]]:
    """The latest, oldest first."""
    found: list[dict[str, Any]] = operator.get(watch)["samples"]
    return found[::-1]


def test_what_is_watched_is_taken(environment: Environment, operator: Api, watch: str, until: Until) -> None:
    taken = until(lambda: found if len(found := samples(operator, watch)) >= 3 else None)
    name = environment.execute(SCHEDULER, "hostname").strip()
    assert {sample["scheduler"].split("/")[0] for sample in taken} == {name}
    assert all(sample["value"] > 0 for sample in taken)
    assert operator.get("/api/overview/")["latest"]


def test_a_second_scheduler_stands_by(environment: Environment, operator: Api, watch: str, until: Until) -> None:
    assert environment.replicas("dbconsole", "scheduler") == [SCHEDULER]
    before = len(until(lambda: samples(operator, watch)))
    other = environment.duplicate(SCHEDULER, "scheduler-elsewhere")
    try:
        until(lambda: "standing by" in docker("logs", other))
        until(lambda: len(samples(operator, watch)) >= min(before + 5, 20))
        assert len({sample["scheduler"] for sample in samples(operator, watch)}) == 1
    finally:
        docker("rm", "--force", other)


def test_schedulers_follow_one_another(environment: Environment, operator: Api, watch: str, until: Until) -> None:
    until(lambda: len(samples(operator, watch)) >= 2)
    docker("restart", f"{environment.name}-{SCHEDULER}")
    started = environment.containers()[SCHEDULER]["State"]["StartedAt"]
    until(lambda: samples(operator, watch)[-1]["taken"] > started, seconds=60)
    until(lambda: len(samples(operator, watch)) >= 5)
    taken = samples(operator, watch)
    changes = [a["scheduler"] != b["scheduler"] for a, b in itertools.pairwise(taken)]
    assert sum(changes) <= 1, f"two ran at once: {taken}"
    assert [sample["taken"] for sample in taken] == sorted(sample["taken"] for sample in taken)


def test_a_stranger_sees_nothing(environment: Environment, operator: Api, watch: str) -> None:
    with environment.session() as stranger:
        for path in (watch, "/api/watches/", "/api/overview/"):
            assert stranger.get(operator.url + path, timeout=30).status_code == 401
        assert stranger.get(f"{operator.url}/health/detail", timeout=30).status_code == 404
