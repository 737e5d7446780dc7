"""Which Redis instances run, where they listen and what they may use."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.redis_instances import container_memory, redis_instances

MIB = 2**20


def application(**redis: Any) -> dict[str, Any]:
    return {
        "version": "1",
        "image": {"reference": "x"},
        "processes": {"web": {"command": ["x"], "probe": {"none": "a test has none"}}},
        "redis": redis,
    }


def test_each_service_of_each_application_is_an_instance() -> None:
    found = redis_instances(
        {
            "shop": application(cache={"kind": "cache"}, broker={"kind": "broker"}),
            "blog": application(cache={"kind": "cache"}),
        }
    )
    assert [instance["label"] for instance in found] == ["blog-cache", "shop-broker", "shop-cache"]
    assert len({instance["port"] for instance in found}) == 3


def test_data_gets_what_the_contract_says_and_the_container_more() -> None:
    [instance] = redis_instances({"shop": application(cache={"kind": "cache", "memory": "100m", "port": 6390})})
    assert (instance["maxmemory"], instance["memory"], instance["port"]) == (100 * MIB, "198m", 6390)


def test_broker_has_room_to_rewrite_its_file() -> None:
    assert container_memory(100 * MIB, "broker") >= 2 * 100 * MIB


def test_application_without_redis_has_none() -> None:
    assert redis_instances({"shop": application()}) == []
