"""Beyond loopback and the bridges, nothing of the environment listens but nginx's two ports."""

from __future__ import annotations

import errno
import json
import re
import selectors
import socket
from collections.abc import Iterable
from typing import Any

import pytest
from testinfra.host import Host

from tests.environment import Environment

BATCH = 500


def open_ports(address: str, ports: Iterable[int]) -> set[int]:
    """The ports of one of this machine's own addresses that take a connection."""
    found, waiting = set(), list(ports)
    while waiting:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        with selectors.DefaultSelector() as selector:
            for port in batch:
                attempt = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
                attempt.setblocking(False)
                status = attempt.connect_ex((address, port))
                if status == errno.EINPROGRESS:
                    selector.register(attempt, selectors.EVENT_WRITE, port)
                    continue
                attempt.close()
                if status == 0:
                    found.add(port)
            while selector.get_map() and (ready := selector.select(timeout=3)):
                for key, _ in ready:
                    attempt = key.fileobj  # type: ignore[assignment]
                    selector.unregister(attempt)
                    # The kernel may choose the very port that is asked as the own one: the socket meets itself.
                    if (
                        attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
                        and attempt.getsockname() != attempt.getpeername()
                    ):
                        found.add(key.data)
                    attempt.close()
            for key in list(selector.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]
    return found


def listeners(host: Host) -> set[int]:
    """Ports at which programs of the machine itself listen; the engine listens for the ports that it publishes."""
    lines = host.check_output("ss -H -ltnp").splitlines()
    own = [line for line in lines if not re.search(r'"(dockerd|docker-proxy)"', line)]
    return {int(line.split()[3].rsplit(":", 1)[1]) for line in own}


def published(host: Host, *filters: str) -> set[int]:
    identifiers = host.check_output("docker ps --quiet " + " ".join(f"--filter {wanted}" for wanted in filters)).split()
    entries: list[dict[str, Any]] = json.loads(host.check_output("docker inspect " + " ".join(identifiers)))
    bindings = [bound for entry in entries for bound in entry["NetworkSettings"]["Ports"].values() if bound]
    return {int(binding["HostPort"]) for bound in bindings for binding in bound}


@pytest.fixture(scope="module")
def addresses(host: Host) -> list[str]:
    """The machine's real addresses: those of its interfaces but loopback and the engine's bridges."""
    links = [link for link in json.loads(host.check_output("ip -json -details address show up")) if link]
    inside = ("bridge", "veth", "dummy")
    real = [
        link for link in links if link.get("linkinfo", {}).get("info_kind") not in inside and link["ifname"] != "lo"
    ]
    return [entry["local"] for link in real for entry in link.get("addr_info", []) if entry.get("scope") == "global"]


def test_only_nginx_is_published(environment: Environment, containers: dict[str, dict[str, Any]]) -> None:
    bound = {name: entry["HostConfig"]["PortBindings"] for name, entry in containers.items()}
    assert {name for name, ports in bound.items() if ports} == {"nginx"}
    ports = {int(binding["HostPort"]) for bindings in bound["nginx"].values() for binding in bindings}
    assert ports == {environment.http_port, environment.https_port}


def test_no_container_shares_the_network_of_the_host(containers: dict[str, dict[str, Any]]) -> None:
    modes = {name: entry["HostConfig"]["NetworkMode"] for name, entry in containers.items()}
    assert {name: mode for name, mode in modes.items() if mode == "host" or mode.startswith("container:")} == {}


def test_only_nginx_answers_at_the_real_addresses(
    environment: Environment, host: Host, addresses: list[str], instances: list[dict[str, Any]]
) -> None:
    assert addresses, "this machine has no address but loopback"
    others = published(host) - published(host, f"label=slipway.environment={environment.name}") | listeners(host)
    inside = {2379, 2380, 5432, 6379, 6432, 8000, 8008, 8404, 26379, *(instance["port"] for instance in instances)}
    for address in addresses:
        found = open_ports(address, range(1, 65536))
        # IPv6 may be off in the engine, and then not even nginx is there.
        assert found - others <= {environment.http_port, environment.https_port}, address
        assert found & inside <= others, address
        if ":" not in address:
            assert {environment.http_port, environment.https_port} <= found, address
