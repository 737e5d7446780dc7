"""Which Redis instances an environment runs, and what each may use. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .contract import normalise
from .sizes import MIB, size_in_bytes
from .topology import asks_sentinel, redis_port

#: Memory of the process itself, its connections' buffers and, where there are replicas, the backlog.
OVERHEAD = 48 * MIB


def container_memory(data: int, kind: str) -> int:
    """The limit of an instance's container, in bytes, whole megabytes.

    Fragmentation takes half as much again. While a broker rewrites its append-only file, pages that change meanwhile
    exist twice.

    >>> container_memory(64 * MIB, "cache") // MIB, container_memory(64 * MIB, "broker") // MIB
    (144, 176)
    """
    total = data * (2 if kind == "broker" else 1.5) + OVERHEAD
    return int(-(-total // MIB)) * MIB


def redis_instances(applications: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The instances that run on every Redis host, by name: each application's services.

    ``label`` is the name of the service in the environment (and of the master in Sentinel), ``maxmemory`` what its data
    may take in bytes, ``memory`` the limit of the container; ``asks_sentinel``: not every client goes by the router.
    """
    found = []
    for application in sorted(applications):
        for service, redis in sorted(normalise(application, applications[application])["redis"].items()):
            data = size_in_bytes(redis["memory"])
            found.append(
                {
                    "application": application,
                    "service": service,
                    "label": f"{application}-{service}",
                    "kind": redis["kind"],
                    "port": redis_port(application, service, redis),
                    "asks_sentinel": asks_sentinel(redis),
                    "maxmemory": data,
                    "memory": f"{container_memory(data, redis['kind']) // MIB}m",
                }
            )
    return found
