"""Names, addresses and ports of the services that hosts share."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.topology import dns_label, peers, published, redis_port

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
