"""A main process that is killed comes back by itself, healthy."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.environment import Environment

Until = Callable[..., Any]

#: The process that the container's init started first. Init itself cannot be killed from inside.
KILL_MAIN = "set -- $(cat /proc/1/task/1/children) && kill -9 $1"


def healthy(environment: Environment) -> dict[str, bool]:
    containers = environment.containers().items()
    return {name: entry["State"].get("Health", {}).get("Status") == "healthy" for name, entry in containers}


def test_each_container_survives_the_death_of_its_main_process(environment: Environment, until: Until) -> None:
    until(lambda: all(healthy(environment).values()), seconds=90)
    before = environment.containers()
    for name in before:
        with suppress(RuntimeError):  # the container may end before it answers; that it did is asked below
            environment.execute(name, "sh", "-c", KILL_MAIN)

    def restarted() -> bool:
        now = environment.containers()
        return all(now[name]["State"]["StartedAt"] != entry["State"]["StartedAt"] for name, entry in before.items())

    until(restarted, seconds=60)
    until(lambda: all(healthy(environment).values()), seconds=180, pause=1)
    after = environment.containers()
    assert {name: entry["Id"] for name, entry in after.items()} == {name: entry["Id"] for name, entry in before.items()}

    def served() -> bool:
        with environment.session() as client:
            return client.get(f"{environment.url}/health/ready").status_code == 200

    until(served, seconds=60)
