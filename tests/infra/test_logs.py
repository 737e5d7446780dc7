"""Logs are JSON on the containers' output, tell requests apart, and hold nothing that a log must not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.environment import Environment

Until = Callable[..., Any]


@pytest.fixture
def identifier() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def lines(environment: Environment, until: Until) -> Callable[[str, str], list[dict[str, Any]]]:
    """The lines of a container's log with a request id, as soon as there is one."""

    def find(container: str, identifier: str) -> list[dict[str, Any]]:
        def there() -> list[dict[str, Any]]:
            found = [json.loads(line) for line in environment.log(container).splitlines() if identifier in line]
            return [line for line in found if line["request_id"] == identifier]

        found: list[dict[str, Any]] = until(there)
        return found

    return find


@pytest.mark.parametrize("container", ["nginx", "devicehub-web-1", "devicehub-web-2"])
def test_every_line_is_json(environment: Environment, client: requests.Session, container: str) -> None:
    client.get(f"{environment.url}/login/")
    wrong = []
    for line in environment.log(container).splitlines():
        try:
            entry = json.loads(line)
            entry["level"], entry["logger"]
        except (ValueError, TypeError, KeyError):
            wrong.append(line)
    assert wrong == []


def test_a_request_is_found_by_its_id(
    environment: Environment, client: requests.Session, identifier: str, lines: Callable[..., Any], until: Until
) -> None:
    answer = client.get(f"{environment.url}/login/", headers={"X-Request-ID": identifier})
    assert answer.headers["X-Request-ID"] == identifier

    [edge] = lines("nginx", identifier)
    assert (edge["method"], edge["path"], edge["status"]) == ("GET", "/login/", 200)
    [routed] = lines("router-devicehub", identifier)
    assert routed["status"] == 200
    replicas = environment.replicas("devicehub", "web")
    told = until(lambda: [name for name in replicas if identifier in environment.log(name)])
    assert len(told) == 1, "exactly one replica answers a request"
    [line] = lines(told[0], identifier)
    assert (line["path"], line["status"]) == ("/login/", 200)


def test_what_a_log_must_not_hold_is_in_none(
    environment: Environment, client: requests.Session, identifier: str, lines: Callable[..., Any]
) -> None:
    marks = {name: f"{name}{uuid.uuid4().hex}" for name in ("query", "cookie", "header", "password", "bearer")}
    token = f"dht_{uuid.uuid4().hex}"
    session = {"X-Request-ID": identifier, "Authorization": f"Token {marks['bearer']}", "X-Private": marks["header"]}
    client.cookies.set("private", marks["cookie"])
    for path in (
        f"/login/?next={marks['query']}",
        f"/ws/devices/{token}/?token={marks['query']}",
        f"/api/devices/?q={marks['query']}",
    ):
        client.get(environment.url + path, headers=session)
    client.post(f"{environment.url}/login/?{marks['query']}", data={"password": marks["password"]}, headers=session)
    plain = f"http://{environment.domain}:{environment.http_port}"
    client.get(f"{plain}/?{marks['query']}", headers=session, allow_redirects=False)
    # What nginx itself refuses, in ways that its error log likes to tell of.
    client.post(f"{environment.url}/api/devices/?{marks['query']}", data=b"x" * (2 << 20), headers=session)
    client.get(
        f"{environment.url}/static/{marks['query']}.css?{marks['query']}", headers={**session, "Range": "bytes=9-1"}
    )

    found = lines("nginx", identifier)
    assert len(found) == 7
    assert "/ws/devices/***/" in {line["path"] for line in found}
    # A file that is not there has its name in the log: it is a path. The rest is nowhere.
    hidden = {**{name: mark for name, mark in marks.items() if name != "query"}, "token": token}
    hidden["query"] = f"?{marks['query']}"
    hidden["assigned query"] = f"={marks['query']}"
    for container in environment.containers():
        log = environment.log(container)
        assert [name for name, mark in hidden.items() if mark in log] == [], container
