"""How Postgres is tuned for the limits of its container and for the pools in front of it. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

from .contract import normalise
from .sizes import GIB, KIB, MIB, size_in_bytes

#: max_connections grows in steps, so that another application seldom means a restart.
CONNECTION_STEP = 50
LEAST_CONNECTIONS = 100
#: Connections that only a superuser may take, so that somebody gets in when all others are taken.
SUPERUSER_RESERVE = 5
#: Patroni's own, health checks, replicas and base backups.
CLUSTER_RESERVE = 15


def application_databases(
    applications: Mapping[str, Mapping[str, Any]], app_hosts: int = 1, direct_connections: int = 20
) -> list[dict[str, Any]]:
    """The database of each application that has one, with the connections that it may hold.

    A pool of ``pool_size`` stands on every app host; ``direct_connections`` are for release commands and migrations,
    which go past the pools.
    """
    found = []
    for application, contract in sorted(applications.items()):
        database = normalise(application, contract)["database"]
        if database is None:
            continue
        found.append(
            {
                "application": application,
                "name": database["name"],
                "owner": database["user"],
                "extensions": sorted(database["extensions"]),
                "pool_size": int(database["pool_size"]),
                "connection_limit": int(database["pool_size"]) * max(1, app_hosts) + direct_connections,
            }
        )
    return found


def database_logins(databases: list[dict[str, Any]], secrets: Mapping[str, str]) -> list[dict[str, Any]]:
    """The databases in the form that module postgres_databases takes, each with its role's password.

    >>> shop = {"application": "shop", "name": "s", "owner": "s", "connection_limit": 3, "extensions": []}
    >>> database_logins([shop], {"database/shop": "x"})[0]["password"]
    'x'
    """
    keys = ("name", "owner", "connection_limit", "extensions")
    return [
        {**{key: entry[key] for key in keys}, "password": secrets[f"database/{entry['application']}"]}
        for entry in databases
    ]


def max_connections(databases: list[dict[str, Any]], members: int = 1) -> int:
    """Enough for every pool and every direct connection at once, with what the cluster itself needs.

    >>> max_connections([]), max_connections([{"connection_limit": 60}, {"connection_limit": 60}])
    (100, 150)
    """
    needed = sum(int(entry["connection_limit"]) for entry in databases) + SUPERUSER_RESERVE + CLUSTER_RESERVE + members
    return max(LEAST_CONNECTIONS, -(-needed // CONNECTION_STEP) * CONNECTION_STEP)


def _shown(size: int) -> str:
    """A size as Postgres writes it, in whole megabytes (kilobytes below one)."""
    return f"{size // MIB}MB" if size >= MIB else f"{size // KIB}kB"


def _between(low: int, value: float, high: int) -> int:
    return int(min(max(low, value), high))


def memory_settings(memory: Union[str, int], connections: int) -> dict[str, str]:
    """Settings that share out the container's memory.

    A quarter is shared buffers. Of the rest, half is left to the page cache, which counts against the limit too, and
    half to sorting and hashing, by an eighth of the connections at once, two such steps each: passing the limit means
    a killed backend, which takes the whole server down with it.
    """
    total = size_in_bytes(memory)
    if total < 128 * MIB:
        raise ValueError(f"Postgres cannot work in {memory}. Mend: postgres_memory of 128m or more, 512m for a start.")
    shared = _between(32 * MIB, total / 4, 16 * GIB)
    busy = max(8, connections // 8)
    maintenance = _between(16 * MIB, total / 16, 2 * GIB)
    return {
        "shared_buffers": _shown(shared),
        "effective_cache_size": _shown(int(total * 0.6)),
        "work_mem": _shown(_between(1 * MIB, (total - shared) / 2 / (busy * 2), 256 * MIB)),
        "maintenance_work_mem": _shown(maintenance),
        "autovacuum_work_mem": _shown(_between(16 * MIB, maintenance / 2, GIB)),
        "wal_buffers": _shown(_between(1 * MIB, shared / 32, 16 * MIB)),
    }


def parallel_settings(cpus: float) -> dict[str, Any]:
    """Settings that follow the processors. One processor runs no query in parallel: it would only wait for itself."""
    whole = max(1, int(cpus))
    return {
        "max_worker_processes": 8 + whole,
        "max_parallel_workers": whole,
        "max_parallel_workers_per_gather": whole // 2,
        "max_parallel_maintenance_workers": whole // 2,
        "autovacuum_max_workers": 2 if whole < 4 else 3,
    }


def cluster_settings(
    databases: list[dict[str, Any]],
    *,
    memory: Union[str, int],
    cpus: float,
    members: int,
    wal_size: str = "1g",
    parameters: Optional[Mapping[str, Any]] = None,
    strict: bool = False,
) -> dict[str, Any]:
    """Everything that the whole cluster agrees on: the content of Patroni's dynamic configuration.

    :param databases: of :func:`application_databases`.
    :param memory: the limit of a member's container; every member may come to lead, so all have the same.
    :param members: how many there are: one follower confirms every commit where there is a follower. Of several it may
        be any, so that one of them may go without a commit having to wait.
    :param wal_size: disk that the write-ahead log may take between checkpoints.
    :param parameters: of Postgres, that the inventory states; they win.
    :param strict: rather no commit than one that no follower confirmed.
    """
    connections = max_connections(databases, members)
    wal = size_in_bytes(wal_size)
    computed: dict[str, Any] = {
        "max_connections": connections,
        "superuser_reserved_connections": SUPERUSER_RESERVE,
        **memory_settings(memory, connections),
        **parallel_settings(cpus),
        "max_wal_size": _shown(wal),
        "min_wal_size": _shown(max(80 * MIB, wal // 4)),
        "checkpoint_completion_target": "0.9",
        "wal_compression": "lz4",
        "max_wal_senders": 5 + members,
        "max_replication_slots": 5 + members,
        "max_slot_wal_keep_size": _shown(4 * wal),
        "random_page_cost": "1.1",
        "effective_io_concurrency": 100,
        "jit": "off",
        "huge_pages": "off",
        "idle_in_transaction_session_timeout": "15min",
        "tcp_keepalives_idle": 30,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": 20000,
        "wal_sender_timeout": "10s",
        "wal_receiver_timeout": "10s",
        # Commits wait until a follower has found its leader again.
        "wal_retrieve_retry_interval": "500ms",
        "client_connection_check_interval": "10s",
        "log_statement": "ddl",
        "log_min_duration_statement": "1s",
        "log_parameter_max_length": 0,
        "log_connections": "off",
        "log_disconnections": "off",
        "log_lock_waits": "on",
        "log_autovacuum_min_duration": "10s",
        "log_temp_files": 0,
    }
    return {
        "ttl": 20,
        "loop_wait": 5,
        "retry_timeout": 5,
        "maximum_lag_on_failover": MIB,
        "failsafe_mode": True,
        "synchronous_mode": "quorum" if members > 2 else members > 1,
        "synchronous_mode_strict": strict and members > 1,
        "postgresql": {
            "use_pg_rewind": True,
            "use_slots": True,
            "parameters": {**computed, **(parameters or {})},
        },
    }
