"""Names, addresses and ports of the services that hosts share. Pure functions."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from .contract_schema import SENTINEL_PARTS
from .shapes import entries, maps, whole

FIRST_REDIS_PORT = 6400
REDIS_PORTS = 500
REGISTRY_PORT = 5000
SENTINEL_PORT = 26379
FIRST_ROUTER_PORT = 7000
ROUTER_PORTS = 500


def dns_label(host: str) -> str:
    """An inventory name as one label of a DNS name.

    >>> dns_label("DB_1.example.org")
    'db-1-example-org'
    """
    return re.sub(r"[^a-z0-9]", "-", str(host).lower())


def peers(prefix: str, hosts: Sequence[str], this_host: str, addresses: Mapping[str, str]) -> dict[str, str]:
    """Names and addresses of a service's members on the other hosts, as a container's ``extra_hosts``.

    The member on this host is left out: Docker's own DNS knows it, and its published port cannot be reached from here.

    >>> peers("etcd", ["a", "b"], "a", {"a": "10.0.0.1", "b": "10.0.0.2"})
    {'etcd-b': '10.0.0.2'}
    """
    return {f"{prefix}-{dns_label(host)}": addresses[host] for host in hosts if host != this_host}


def published(port: int | str, hosts: Sequence[str], bind_address: str) -> list[str]:
    """The ports to publish for a service's peers: on the private address, and none where there is one host only.

    >>> published(2379, ["a", "b"], "10.0.0.1"), published(2379, ["a"], "10.0.0.1")
    (['10.0.0.1:2379:2379'], [])
    """
    return [f"{bind_address}:{port}:{port}"] if len(set(hosts)) > 1 else []


def redis_port(application: str, service: str, contract: Mapping[str, Any]) -> int:
    """The port of an application's Redis service, the same inside and outside: stated, or derived from its name.

    >>> redis_port("devicehub", "cache", {"port": 6401})
    6401
    """
    if contract.get("port"):
        return int(contract["port"])
    return FIRST_REDIS_PORT + zlib.crc32(f"{application}/{service}".encode()) % REDIS_PORTS


def asks_sentinel(contract: Mapping[str, Any]) -> bool:
    """Whether an application's client of a Redis service asks Sentinel where the master is.

    >>> asks_sentinel({"kind": "cache", "env": {"sentinels": "SENTINELS"}}), asks_sentinel({"kind": "cache"})
    (True, False)
    """
    env = contract.get("env")
    return isinstance(env, Mapping) and any(part in env for part in SENTINEL_PARTS)


def sentinel_names(instances: Sequence[Mapping[str, Any]], hosts: Sequence[str]) -> list[str]:
    """Names under which clients that ask Sentinel look for it, and for every member that it may tell them of.

    >>> sentinel_names([{"label": "shop-jobs"}], ["a", "b"])
    ['sentinel', 'redis-shop-jobs-a', 'redis-shop-jobs-b']
    """
    members = [f"redis-{instance['label']}-{dns_label(host)}" for instance in instances for host in hosts]
    return ["sentinel", *members] if instances else []


def router_port(application: str) -> int:
    """The port where an application's router takes requests from the routers of other hosts.

    >>> router_port("devicehub") in range(7000, 7500)
    True
    """
    return FIRST_ROUTER_PORT + zlib.crc32(application.encode()) % ROUTER_PORTS


def registry_address(hosts: Sequence[str], addresses: Mapping[str, str]) -> str:
    """Where the environment's registry is, as image references have it; empty where there is none.

    >>> registry_address(["a"], {"a": "10.0.0.1"}), registry_address([], {})
    ('10.0.0.1:5000', '')
    """
    return f"{addresses[hosts[0]]}:{REGISTRY_PORT}" if hosts else ""


def peer_ports(
    host: str, topology: Mapping[str, Sequence[str]], applications: Mapping[str, Any], addresses: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What a host publishes for others, ``{port, from}``: ``from`` are the addresses of the hosts that may speak to it.

    >>> hosts = {"consensus": ["a", "b"], "postgres": ["b"], "app": [], "edge": [], "redis": []}
    >>> peer_ports("a", hosts, {}, {"a": "10.0.0.1", "b": "10.0.0.2"})
    [{'port': 2379, 'from': ['10.0.0.2']}, {'port': 2380, 'from': ['10.0.0.2']}]
    """
    asked = any(asks_sentinel(redis) for app in entries(applications).values() for redis in maps(app, "redis").values())
    doors: list[tuple[str, int, tuple[str, ...]]] = [
        ("consensus", 2379, ("consensus", "postgres")),
        ("consensus", 2380, ("consensus",)),
        ("postgres", 5432, ("postgres", "app")),
        ("postgres", 8008, ("postgres", "app")),
        ("redis", SENTINEL_PORT, ("redis", "app") if asked else ("redis",)),
        ("registry", REGISTRY_PORT, ("edge", "app", "postgres", "redis", "consensus")),
    ]
    for name, contract in entries(applications).items():
        doors.append(("app", router_port(name), ("app", "edge")))
        doors += [
            ("redis", redis_port(name, service, redis), ("redis", "app"))
            for service, redis in maps(contract, "redis").items()
            if redis.get("port") is None or whole(redis["port"])
        ]
    found = []
    for group, port, visitors in doors:
        others = [other for visitor in visitors for other in topology.get(visitor, []) if other != host]
        if host in topology.get(group, []) and others:
            found.append({"port": port, "from": [addresses[other] for other in dict.fromkeys(others)]})
    return found
