"""Names, addresses and ports of the services that hosts share."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.secret_names import required_secrets
from ansible_collections.slipway.kit.plugins.module_utils.topology import (
    dns_label,
    peer_ports,
    peers,
    published,
    redis_port,
    registry_address,
    router_port,
)

ADDRESSES = {"db_1": "10.0.0.1", "db_2": "10.0.0.2", "db_3": "10.0.0.3"}


@pytest.mark.parametrize(
    ("host", "label"), [("node1", "node1"), ("db_1", "db-1"), ("DB.Example.org", "db-example-org")]
)
def test_a_host_becomes_a_dns_label(host: str, label: str) -> None:
    assert dns_label(host) == label


def test_peers_are_the_members_on_other_hosts() -> None:
    assert peers("etcd", list(ADDRESSES), "db_2", ADDRESSES) == {"etcd-db-1": "10.0.0.1", "etcd-db-3": "10.0.0.3"}


def test_a_single_host_has_no_peers_and_publishes_nothing() -> None:
    assert peers("etcd", ["db_1"], "db_1", ADDRESSES) == {}
    assert published(2379, ["db_1", "db_1"], "10.0.0.1") == []


def test_with_peers_a_port_is_published_on_the_private_address() -> None:
    assert published(2379, list(ADDRESSES), "10.0.0.1") == ["10.0.0.1:2379:2379"]


def test_a_redis_port_is_derived_from_names_unless_it_is_stated() -> None:
    derived = redis_port("shop", "cache", {"kind": "cache", "port": None})
    assert derived == redis_port("shop", "cache", {})
    assert 6400 <= derived < 6900
    assert derived != redis_port("shop", "broker", {})
    assert redis_port("shop", "cache", {"port": 7000}) == 7000


SHOP = {"shop": {"redis": {"broker": {"kind": "broker", "port": 6500}}}}
TIERS = {"edge": ["e"], "app": ["a"], "consensus": ["c"], "postgres": ["p"], "redis": ["r"]}
WHERE = {"e": "10.0.0.1", "a": "10.0.0.2", "c": "10.0.0.3", "p": "10.0.0.4", "r": "10.0.0.5"}


def doors(host: str, topology: dict[str, list[str]] = TIERS) -> dict[int, list[str]]:
    return {door["port"]: door["from"] for door in peer_ports(host, topology, SHOP, WHERE)}


def test_each_door_is_open_to_those_who_have_business_there() -> None:
    assert doors("e") == {}
    assert doors("a") == {router_port("shop"): [WHERE["e"]]}
    assert doors("c") == {2379: [WHERE["p"]]}
    assert doors("p") == {5432: [WHERE["a"]], 8008: [WHERE["a"]]}
    assert doors("r") == {6500: [WHERE["a"]]}


def test_everybody_gets_images_from_the_registry() -> None:
    with_registry = {**TIERS, "registry": ["x"]}
    found = peer_ports("x", with_registry, SHOP, {**WHERE, "x": "10.0.0.9"})
    assert found == [{"port": 5000, "from": [WHERE[host] for host in ("e", "a", "p", "r", "c")]}]
    assert registry_address(["x"], {"x": "10.0.0.9"}) == "10.0.0.9:5000"


def test_members_reach_each_other_and_a_single_host_has_no_doors() -> None:
    assert doors("p", {**TIERS, "postgres": ["p", "r"]})[5432] == [WHERE["r"], WHERE["a"]]
    assert doors("p", {group: ["p"] for group in TIERS}) == {}


def test_applications_of_any_shape_have_doors() -> None:
    assert [door["port"] for door in peer_ports("r", TIERS, {"shop": {"redis": {"x": {"port": "y"}}}}, WHERE)] == []
    assert peer_ports("r", TIERS, {"shop": None}, WHERE) == []


class Tagged(int):
    """A number as Ansible hands it out: of a class of its own."""


def test_numbers_of_an_inventory_are_numbers() -> None:
    hosts, addresses = {"redis": ["a"], "app": ["b"]}, {"a": "10.0.0.1", "b": "10.0.0.2"}
    stated = {"shop": {"redis": {"cache": {"kind": "cache", "port": Tagged(6577)}}}}
    assert {"port": 6577, "from": ["10.0.0.2"]} in peer_ports("a", hosts, stated, addresses)
    secrets = required_secrets({"shop": {"secrets": {"KEY": {"generate": Tagged(40), "min_length": Tagged(20)}}}})
    assert (secrets["shop/KEY"]["length"], secrets["shop/KEY"]["min_length"]) == (40, 20)


def test_sentinel_is_open_to_applications_that_ask_it() -> None:
    hosts, addresses = {"redis": ["a"], "app": ["b"]}, {"a": "10.0.0.1", "b": "10.0.0.2"}
    silent = {"shop": {"redis": {"cache": {"kind": "cache"}}}}
    asking = {"shop": {"redis": {"cache": {"kind": "cache", "env": {"sentinels": "SENTINELS"}}}}}
    assert 26379 not in {door["port"] for door in peer_ports("a", hosts, silent, addresses)}
    assert {"port": 26379, "from": ["10.0.0.2"]} in peer_ports("a", hosts, asking, addresses)
