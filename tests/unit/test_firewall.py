"""What the rules in force let through, as nft itself prints them."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.firewall import doors_in_force


def match(left: dict[str, Any], right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": left, "right": right}}


def rule(ports: Any, sources: Any, verdict: str) -> dict[str, Any]:
    expressions = [match({"ct": {"key": "proto-dst", "dir": "original"}}, ports)]
    if sources is not None:
        expressions.append(match({"payload": {"protocol": "ip", "field": "saddr"}}, sources))
    return {"rule": {"family": "inet", "chain": "doors", "expr": [*expressions, {verdict: None}]}}


REFUSE = rule({"set": [5432, 8008]}, None, "reject")


def doors(*rules: dict[str, Any]) -> dict[str, list[str]]:
    return doors_in_force({"nftables": [{"metainfo": {"version": "1.0.9"}}, {"chain": {"name": "doors"}}, *rules]})


def test_each_door_has_those_who_are_let_in() -> None:
    found = doors(rule(5432, {"set": ["10.0.0.2", "10.0.0.3"]}, "accept"), rule(8008, "10.0.0.2", "accept"), REFUSE)
    assert found == {"5432": ["10.0.0.2", "10.0.0.3"], "8008": ["10.0.0.2"]}


def test_a_network_and_everybody_are_told_apart_from_hosts() -> None:
    network = {"prefix": {"addr": "10.0.0.0", "len": 8}}
    assert doors(rule(5432, {"set": [network]}, "accept"), REFUSE) == {"5432": ["10.0.0.0/8"]}
    assert doors(rule(5432, None, "accept"), REFUSE) == {"5432": ["everybody"]}


def test_where_nobody_is_refused_there_is_no_door() -> None:
    assert doors(rule(5432, "10.0.0.2", "accept")) == {}
    assert doors(rule(6379, "10.0.0.2", "accept"), REFUSE) == {}
    assert doors() == {}
