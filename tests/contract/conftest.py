"""An environment of its own in which every key of the contract is stated, for as long as the tests run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import yaml

from tests.environment import LOCAL, ROOT, Environment, resolving

INVENTORY = ROOT / "tests/contract/inventory"
Facts = dict[str, Any]


@pytest.fixture(scope="session")
def environment() -> Iterator[Environment]:
    described = Environment.describe([LOCAL, INVENTORY])
    described.converge()
    with resolving([*described.domains, "stranger.localhost"]):
        yield described
    if not os.environ.get("SLIPWAY_KEEP"):
        described.destroy()


@dataclass(frozen=True)
class Application:
    """An application as those see it who come through nginx."""

    environment: Environment
    domain: str

    def url(self, path: str) -> str:
        return f"https://{self.domain}:{self.environment.https_port}{path}"

    def __call__(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        with self.environment.session() as session:
            return session.request(method, self.url(path), timeout=30, **options)

    def ask(self, question: str, **values: Any) -> Any:
        """What a replica of process web answers."""
        answer = self(f"/ask/{question}", params=values)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def mirror(environment: Environment) -> Application:
    return Application(environment, "mirror.localhost")


@pytest.fixture(scope="session")
def elder(environment: Environment) -> Application:
    return Application(environment, "elder.localhost")


@pytest.fixture(scope="session")
def plain(environment: Environment) -> Application:
    return Application(environment, "plain.localhost")


Noted = Callable[[str], Facts]


@pytest.fixture(scope="session")
def noted(environment: Environment) -> Noted:
    """What a process without a port wrote down of itself on the shared volume, by the name of its container."""

    def read(container: str) -> Facts:
        found: Facts = json.loads(environment.execute("mirror-web-1", "cat", f"/srv/shared/{container}.json"))
        return found

    return read


@pytest.fixture(scope="session")
def raw() -> str:
    """The text that every way of passing something on has to leave as it is, as the inventory's file has it."""
    text = (INVENTORY / "group_vars/all/main.yml").read_text().split("raw_text: !unsafe |-\n")[1]
    found: str = yaml.safe_load(f"text: |-\n{text}")["text"]
    for piece in ('{"json": [1,', "$HOME", "{{ braces }}", "%(name)s", "[[x]]", "'single'", "\\slash"):
        assert piece in found
    return found


@pytest.fixture
def inspected(environment: Environment) -> dict[str, dict[str, Any]]:
    return environment.containers()
