"""Postgres and the pools in front of it are sized together, within the container's limits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.postgres_settings import (
    CLUSTER_RESERVE,
    SUPERUSER_RESERVE,
    application_databases,
    cluster_settings,
    max_connections,
    memory_settings,
    parallel_settings,
)
from ansible_collections.slipway.kit.plugins.module_utils.sizes import MIB, size_in_bytes

CONTRACT: dict[str, Any] = {
    "version": "1",
    "image": {"build": {"context": "."}},
    "domains": [],
    "processes": {"web": {"command": ["x"], "probe": {"none": "a test"}}},
}


def bytes_of(shown: str) -> int:
    match = re.fullmatch(r"(\d+)(kB|MB)", shown)
    assert match
    return int(match[1]) * {"kB": 2**10, "MB": 2**20}[match[2]]


def parameters(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"memory": "512m", "cpus": 2, "members": 1, **changes}
    settings: dict[str, Any] = cluster_settings([], **arguments)["postgresql"]["parameters"]
    return settings


def test_an_application_without_a_database_has_none() -> None:
    assert application_databases({"shop": CONTRACT}) == []


def test_a_database_is_named_after_its_application() -> None:
    found = application_databases({"my-shop": {**CONTRACT, "database": {}}})
    assert [(entry["application"], entry["name"], entry["owner"]) for entry in found] == [
        ("my-shop", "my_shop", "my_shop")
    ]


def test_the_limit_holds_a_pool_on_each_app_host_and_direct_connections() -> None:
    found = application_databases(
        {"shop": {**CONTRACT, "database": {"pool_size": 30}}}, app_hosts=3, direct_connections=7
    )
    assert found[0]["connection_limit"] == 3 * 30 + 7


def test_all_limits_fit_into_max_connections_at_once() -> None:
    limits = [{"connection_limit": 120}, {"connection_limit": 75}]
    assert max_connections(limits, members=3) >= 120 + 75 + 3 + SUPERUSER_RESERVE + CLUSTER_RESERVE


def test_a_small_application_more_does_not_change_max_connections() -> None:
    assert max_connections([{"connection_limit": 35}]) == max_connections([{"connection_limit": 35}] * 2)


@pytest.mark.parametrize("memory", ["128m", "256m", "512m", "2g", "64g"])
def test_fixed_memory_stays_below_the_limit(memory: str) -> None:
    settings = memory_settings(memory, 100)
    fixed = bytes_of(settings["shared_buffers"]) + bytes_of(settings["maintenance_work_mem"])
    fixed += 3 * bytes_of(settings["autovacuum_work_mem"]) + bytes_of(settings["wal_buffers"])
    assert fixed < size_in_bytes(memory) * 0.8


def test_more_connections_leave_less_memory_to_each() -> None:
    assert bytes_of(memory_settings("4g", 500)["work_mem"]) < bytes_of(memory_settings("4g", 100)["work_mem"])


def test_too_little_memory_is_refused_with_the_variable() -> None:
    with pytest.raises(ValueError, match="postgres_memory"):
        memory_settings("64m", 100)


def test_one_processor_runs_no_query_in_parallel() -> None:
    assert parallel_settings(1.0)["max_parallel_workers_per_gather"] == 0


@pytest.mark.parametrize(("members", "synchronous"), [(1, False), (2, True), (3, "quorum"), (5, "quorum")])
def test_a_follower_confirms_commits_where_there_is_one(members: int, synchronous: bool | str) -> None:
    settings = cluster_settings([], memory="512m", cpus=1, members=members)
    assert settings["synchronous_mode"] == synchronous
    assert settings["synchronous_mode_strict"] is False


@pytest.mark.parametrize(("members", "strict"), [(1, False), (3, True)])
def test_a_single_member_waits_for_nobody_however_strict(members: int, strict: bool) -> None:
    settings = cluster_settings([], memory="512m", cpus=1, members=members, strict=True)
    assert settings["synchronous_mode_strict"] is strict


def test_parameters_of_the_inventory_win() -> None:
    assert parameters(parameters={"work_mem": "64MB"})["work_mem"] == "64MB"


def test_ddl_is_logged_and_bound_values_are_not() -> None:
    found = parameters()
    assert (found["log_statement"], found["log_parameter_max_length"]) == ("ddl", 0)


def test_a_lost_follower_cannot_fill_the_disk() -> None:
    assert bytes_of(parameters(wal_size="2g")["max_slot_wal_keep_size"]) == 4 * 2048 * MIB


@pytest.mark.parametrize("size", ["", "12x", "-1m", "m"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        size_in_bytes(size)
