"""What preflight weighs. What it says about whole inventories: test_preflight_inventories.py."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.preflight import (
    GROUPS,
    host_ports,
    port_problems,
    preflight_problems,
    singleton_problems,
    topology_problems,
)
from ansible_collections.slipway.kit.plugins.module_utils.problems import Problem, numbered
from ansible_collections.slipway.kit.plugins.module_utils.topology import router_port

ONE = {group: ["a"] for group in GROUPS}
THREE = {group: ["a", "b", "c"] for group in GROUPS}
SHOP = {"shop": {"redis": {"cache": {"kind": "cache", "port": 6500}}}}


def listener(port: int, address: str, environment: str = "") -> dict[str, object]:
    container = f"{environment}-x" if environment else ""
    return {
        "port": port,
        "address": address,
        "pid": 1,
        "process": "p",
        "container": container,
        "environment": environment,
    }


def test_one_host_needs_the_ports_of_nginx_only() -> None:
    assert host_ports("a", ONE, SHOP, [80, 443]) == [80, 443]


def test_a_host_with_peers_needs_those_of_its_stores_too() -> None:
    router = router_port("shop")
    assert host_ports("a", THREE, SHOP, [80, 443]) == [80, 443, 2379, 2380, 5432, 8008, 26379, router, 6500]
    # Alone in its group, but Postgres is elsewhere.
    assert host_ports("b", {**ONE, "consensus": ["b"]}, SHOP, [80, 443]) == [2379]


@pytest.mark.parametrize(
    ("held", "free"),
    [
        (listener(443, "0.0.0.0"), False),
        (listener(443, "127.0.0.1"), False),  # nginx listens on every address
        (listener(443, "0.0.0.0", "test"), True),
        (listener(443, "0.0.0.0", "other"), False),
        (listener(5432, "0.0.0.0"), False),
        (listener(5432, "::"), False),
        (listener(5432, "10.0.0.1"), False),
        (listener(5432, "::ffff:10.0.0.1"), False),
        (listener(5432, "127.0.0.1"), True),  # the store listens on the private address
        (listener(9999, "0.0.0.0"), True),
    ],
)
def test_a_port_is_taken_where_there_is_no_room_for_another_listener(held: dict[str, object], free: bool) -> None:
    problems = list(port_problems("a", {"listeners": [held]}, "test", [443], [5432], "10.0.0.1"))
    assert (problems == []) is free


@pytest.mark.parametrize(("registry", "said"), [(["n1", "n2"], "2 hosts"), (["n1"], ""), (["other"], ""), ([], "")])
def test_images_come_from_one_registry(registry: list[str], said: str) -> None:
    topology = {**{group: ["n1", "n2", "n3"] for group in GROUPS}, "registry": registry}
    problems = [problem.what for problem in topology_problems(topology, {}) if "registry" in problem.where]
    assert bool(problems) is bool(said)
    assert all(said in problem for problem in problems)


def test_a_registry_for_nobody_is_refused() -> None:
    alone = {group: ["n1"] for group in [*GROUPS, "registry"]}
    assert [problem.where for problem in topology_problems(alone, {})] == ["group registry"]


def test_names_that_dns_does_not_take_are_refused() -> None:
    long = {group: ["a-host-with-quite-a-long-name.in.some.domain.example.org"] for group in GROUPS}
    assert any("longer than 63" in problem.what for problem in topology_problems(long, SHOP))
    twins = {**THREE, "app": ["a.b", "a_b"]}
    assert any(problem.what == "is called a-b, as a.b is" for problem in topology_problems(twins, {}))


@pytest.mark.parametrize("applications", [None, [], "text", {"shop": None}])
def test_applications_of_any_shape_are_judged(applications: object) -> None:
    facts = {
        "environment": "test",
        "production": True,
        "root": "",
        "applications": applications,
        "topology": ONE,
        "bind_addresses": {"a": "127.0.0.1"},
        "secrets_given": None,
        "secrets_generate": False,
        "fence": {"script": "", "silence": 2, "timeout": 10, "pause": 300},
        "edge_ports": [80],
        "min_disk_gib": 5,
        "min_memory_gib": 2,
        "probes": {},
    }
    assert any(problem.where.startswith("slipway_applications") for problem in preflight_problems(facts))
    assert any(problem.where == "secrets_given" for problem in preflight_problems(facts))


def test_a_problem_is_said_once_and_numbered() -> None:
    one = Problem("a", "is wrong", "right it")
    assert numbered([one, one, Problem("b", "is bad", "better it")]) == (
        "1. a: is wrong. Mend: right it.\n2. b: is bad. Mend: better it."
    )


@pytest.mark.parametrize("stated", [{"processes": {"clock": {"singleton": True}}}, {"schedule": [{"name": "clean"}]}])
def test_a_singleton_on_several_hosts_needs_a_database(stated: dict[str, object]) -> None:
    (problem,) = singleton_problems(THREE, {"shop": stated})
    assert problem.where == "slipway_applications.shop.database"
    assert list(singleton_problems(THREE, {"shop": {**stated, "database": {}}})) == []
    assert list(singleton_problems(ONE, {"shop": stated})) == []
