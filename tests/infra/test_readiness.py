"""A replica that cannot reach what it needs says so, is not asked any more, and is asked again when it can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.environment import Environment, docker
from tests.infra.test_edge import missing_headers

Until = Callable[..., Any]


def get(environment: Environment, path: str) -> requests.Response:
    with environment.session() as client:
        return client.get(environment.url + path)


def ready(environment: Environment) -> bool:
    return get(environment, "/health/ready").status_code == 200


def replica_status(environment: Environment, path: str) -> int:
    address = environment.address("devicehub-web-1", "app-devicehub")
    return requests.get(f"http://{address}:8000{path}", timeout=5).status_code


@pytest.fixture(params=["redis-devicehub-cache", "redis-devicehub-channels", "postgres"])
def stopped(request: pytest.FixtureRequest, environment: Environment, until: Until) -> Iterator[str]:
    """A store that the application needs, stopped; started again and waited for afterwards."""
    until(lambda: ready(environment))
    docker("stop", f"{environment.name}-{request.param}")
    yield str(request.param)
    docker("start", f"{environment.name}-{request.param}")
    until(lambda: environment.containers()[request.param]["State"]["Health"]["Status"] == "healthy", seconds=60)
    until(lambda: ready(environment), seconds=60)


def test_readiness_follows_the_stores(environment: Environment, stopped: str, until: Until) -> None:
    until(lambda: replica_status(environment, "/health/ready") == 503, seconds=60)
    assert replica_status(environment, "/health/live") == 200, f"without {stopped} a replica lives on"
    # No replica is asked any more, not even for a page that needs no store.
    until(lambda: get(environment, "/login/").status_code == 503, seconds=60)
    assert missing_headers(get(environment, "/login/")) == []


def test_everything_is_ready_again(environment: Environment) -> None:
    assert ready(environment)
    assert replica_status(environment, "/health/ready") == 200
