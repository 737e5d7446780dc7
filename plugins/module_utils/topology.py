"""Names, addresses and ports: how the members of an environment find each other.

A member is addressed by name. On its own host the engine's DNS resolves the name (a network alias); members on other hosts get the name through
``extra_hosts`` and reach it on that host's private address, where the same port is published. With one host nothing is published.
"""

from __future__ import annotations

import re
import zlib
from typing import Any, Dict, List, Mapping, Optional, Sequence

REDIS_PORTS = range(6400, 6900)


def dns_label(host: str) -> str:
    """The inventory name as one DNS label.

    >>> dns_label("db1.example.org")
    'db1-example-org'
    """
    return re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")


def member(prefix: str, host: str) -> str:
    """The name of a host's member of a service: ``postgres-db1``."""
    return f"{prefix}-{dns_label(host)}"


def peers(prefix: str, hosts: Sequence[str], this_host: str, addresses: Mapping[str, str]) -> Dict[str, str]:
    """``extra_hosts`` for the members on all other hosts: name to private address."""
    return {member(prefix, host): addresses[host] for host in hosts if host != this_host}


def published(port: int, hosts: Sequence[str], bind_address: str) -> List[str]:
    """What to publish of a port that members on other hosts need: nothing where there is one host."""
    return [f"{bind_address}:{port}:{port}"] if len(hosts) > 1 else []


def redis_port(application: str, service: str, contract: Optional[Mapping[str, Any]] = None) -> int:
    """The port of a Redis service: the contract's ``port``, else a stable one made of its name.

    It is the same inside the container, on the host and at the router.
    """
    stated = (contract or {}).get("port")
    if stated:
        return int(stated)
    return REDIS_PORTS.start + zlib.crc32(f"{application}/{service}".encode()) % len(REDIS_PORTS)
