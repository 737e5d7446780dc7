"""Names, addresses and ports of the services that hosts share. Pure functions."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

FIRST_REDIS_PORT = 6400
REDIS_PORTS = 500


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
