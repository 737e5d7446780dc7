"""All examples side by side, in an environment of their own, for as long as the tests run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.environment import ROOT, Environment, docker, resolving

INVENTORIES = [ROOT / "inventories/local-all", ROOT / "tests/examples/inventory"]


@pytest.fixture(scope="session")
def environment() -> Iterator[Environment]:
    described = Environment.describe(INVENTORIES)
    described.converge()
    with resolving(described.domains):
        yield described
    if not os.environ.get("SLIPWAY_KEEP"):
        done = described.destroy()
        assert done.returncode == 0, done.stdout[-4000:]
        assert described.containers() == {}
        for kind in ("network", "volume"):
            assert docker(kind, "ls", "--quiet", "--filter", f"name=^{described.name}-") == ""
        assert not described.state_dir.exists()
        assert not described.control_dir.exists()


Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session", autouse=True)
def own_tests(environment: Environment) -> Iterator[dict[str, Future[Done]]]:
    """The tests that each example brings with it, in containers of the very images that the environment runs. They wait
    most of the time, so they begin when the others do; devicehub's come last, for they measure how long answers take.
    """
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

    with ThreadPoolExecutor(1) as pool:
        yield {application: pool.submit(run, application) for application in ("claimwatch", "dbconsole", "devicehub")}


class Api:
    """One application through nginx, as somebody who has logged in."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url, self.session = url, session

    def log_in(self, **credentials: str) -> None:
        token = self.post("/api/token/", **credentials)["token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=30, **options)

    def get(self, path: str) -> dict[str, Any]:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.ask("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@contextmanager
def logged_in(environment: Environment, application: str, **credentials: str) -> Iterator[Api]:
    with environment.session() as session:
        api = Api(environment.url_of(application), session)
        api.log_in(**credentials)
        yield api
