"""The tests that each example brings with it, in containers of the very images that the environment runs."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.environment import ROOT, Environment

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def done(environment: Environment) -> dict[str, Done]:
    images = {name: str(entry["Image"]) for name, entry in environment.containers().items()}
    stores = {"POSTGRES_IMAGE": images["postgres"], "REDIS_IMAGE": images["sentinel"]}

    def run(application: str) -> Done:
        return subprocess.run(
            [ROOT / f"examples/{application}/tests/run"],
            env={**os.environ, **stores, "APP_IMAGE": images[f"{application}-web-1"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    # These two wait most of the time; devicehub's measure how long answers take.
    waiting = ("claimwatch", "dbconsole")
    with ThreadPoolExecutor() as pool:
        finished = dict(zip(waiting, pool.map(run, waiting), strict=True))
    return {**finished, "devicehub": run("devicehub")}


@pytest.mark.parametrize("application", ["claimwatch", "dbconsole", "devicehub"])
def test_its_own_tests_pass(application: str, done: dict[str, Done]) -> None:
    assert done[application].returncode == 0, done[application].stdout[-6000:]
    assert "\nOK\n" in done[application].stdout
