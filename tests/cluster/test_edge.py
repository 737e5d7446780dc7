"""The edge hosts as clients find them: alike, and behind one address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from tests.environment import Environment, resolving
from tests.faults.lab import Lab, Server

ADDRESS = ".100"


def shared(lab: Lab) -> str:
    """The address that moves, in the network of the servers."""
    return lab.servers[0].address.rsplit(".", 1)[0] + ADDRESS


def holders(lab: Lab) -> list[Server]:
    return [server for server in lab.servers if f"{shared(lab)}/" in server.run("ip", "-4", "address", "show", "eth0")]


def answer(environment: Environment, address: str) -> requests.Response:
    with resolving(environment.domains, address), environment.session() as session:
        return session.get(f"{environment.url}/health/ready", timeout=5)


def answers(environment: Environment, address: str) -> bool:
    try:
        return answer(environment, address).status_code == 200
    except requests.RequestException:
        return False


def test_every_edge_host_serves_alike(environment: Environment) -> None:
    seen = []
    for name in environment.topology["edge"]:
        said = answer(environment, environment.addresses[name])
        assert said.status_code == 200
        seen.append({key: value for key, value in said.headers.items() if key not in ("Date", "X-Request-ID")})
    assert all(headers == seen[0] for headers in seen)


def test_one_host_has_the_shared_address_and_answers_there(lab: Lab, environment: Environment) -> None:
    assert len(holders(lab)) == 1
    assert answer(environment, shared(lab)).status_code == 200


def test_the_address_leaves_a_host_whose_nginx_is_gone(
    lab: Lab, environment: Environment, until: Callable[..., Any]
) -> None:
    before = holders(lab)[0]
    before.run("docker", "kill", f"{environment.name}-nginx")
    try:
        until(lambda: holders(lab) not in ([], [before]), seconds=60)
        until(lambda: answers(environment, shared(lab)))
    finally:
        before.run("docker", "start", f"{environment.name}-nginx")
    until(lambda: holders(lab) == [before], seconds=60)


def test_a_host_without_replicas_asks_another(lab: Lab, environment: Environment, until: Callable[..., Any]) -> None:
    """Its nginx and router are there; requests go to another host's replicas, and none fails meanwhile."""
    server = lab.servers[0]
    replicas = [f"{environment.name}-devicehub-web-{number}" for number in (1, 2)]
    server.run("docker", "kill", *replicas)
    try:
        until(lambda: answers(environment, server.address))
        assert all(answers(environment, server.address) for _ in range(20))
    finally:
        server.run("docker", "start", *replicas)
        lab.wait_until_well()
