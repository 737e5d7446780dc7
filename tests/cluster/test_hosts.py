"""What every server looks like from within, and to whoever is on its network."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

from tests.environment import Environment, docker

EDGE = {"0.0.0.0"}


def containers(host: Host, environment: Environment) -> list[dict[str, Any]]:
    names = host.check_output(f"docker ps --all --quiet --filter label=slipway.environment={environment.name}").split()
    found: list[dict[str, Any]] = json.loads(host.check_output(f"docker inspect {' '.join(names)}"))
    return found


def test_every_host_runs_what_its_groups_say(hosts: dict[str, Host], environment: Environment) -> None:
    services = {
        "edge": ["nginx", "router-devicehub"],
        "app": ["router-devicehub", "pgbouncer-devicehub", "devicehub-web-1", "devicehub-web-2"],
        "postgres": ["postgres", "fence"],
        "redis": ["sentinel", "redis-devicehub-cache", "redis-devicehub-channels"],
        "consensus": ["etcd"],
        "registry": ["registry"],
    }
    for name, host in hosts.items():
        expected = {
            f"{environment.name}-{service}"
            for group, found in services.items()
            if name in environment.topology[group]
            for service in found
        }
        assert {str(entry["Name"]).lstrip("/") for entry in containers(host, environment)} == expected


def test_every_container_is_healthy(hosts: dict[str, Host], environment: Environment) -> None:
    for name, host in hosts.items():
        unwell = [
            entry["Name"] for entry in containers(host, environment) if entry["State"]["Health"]["Status"] != "healthy"
        ]
        assert not unwell, f"{name}: {unwell}"


def test_only_nginx_is_published_beyond_the_private_address(hosts: dict[str, Host], environment: Environment) -> None:
    for name, host in hosts.items():
        for entry in containers(host, environment):
            bindings: dict[str, list[dict[str, str]]] = entry["HostConfig"]["PortBindings"] or {}
            addresses = {binding["HostIp"] or "0.0.0.0" for found in bindings.values() for binding in found}
            allowed = EDGE if str(entry["Name"]).endswith("-nginx") else {environment.addresses[name]}
            assert addresses <= allowed, f"{entry['Name']} on {name}"


def test_the_firewall_comes_back_with_the_host(hosts: dict[str, Host], environment: Environment) -> None:
    for host in hosts.values():
        service = host.service(f"slipway-firewall-{environment.name}")
        assert service.is_enabled
        assert service.is_running


def test_hosts_hold_the_very_images_that_were_built(hosts: dict[str, Host], environment: Environment) -> None:
    for name, host in hosts.items():
        used = {str(entry["Image"]) for entry in containers(host, environment)}
        built = set(docker("images", "--quiet", "--no-trunc").split())
        assert used <= built, name


@pytest.fixture(scope="module")
def open_ports(environment: Environment) -> dict[str, set[int]]:
    """Ports of each host at which a stranger on the same network is let in."""
    ports = range(1, 10000)
    image = docker("images", "--quiet", "slipway/python").split()[0]
    script = (
        "import socket, sys\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def ask(door):\n"
        "    with socket.socket() as s:\n"
        "        s.settimeout(2)\n"
        "        return door if s.connect_ex(door) == 0 else None\n"
        f"doors = [(a, p) for a in sys.argv[1:] for p in range({ports.start}, {ports.stop})]\n"
        "with ThreadPoolExecutor(64) as pool:\n"
        "    for door in pool.map(ask, doors):\n"
        "        door and print(*door)\n"
    )
    network = f"slipway-{environment.name}"
    said = docker("run", "--rm", "--network", network, image, "python3", "-c", script, *environment.addresses.values())
    names = {address: name for name, address in environment.addresses.items()}
    found: dict[str, set[int]] = {name: set() for name in environment.addresses}
    for line in said.splitlines():
        address, port = line.split()
        found[names[address]].add(int(port))
    return found


def test_a_stranger_is_let_in_by_nginx_and_ssh_only(open_ports: dict[str, set[int]], environment: Environment) -> None:
    for name, ports in open_ports.items():
        edge = {environment.http_port, environment.https_port} if name in environment.topology["edge"] else set()
        assert ports == {22} | edge, name
