"""The contract's defaults, and what its checks accept. What they refuse: test_preflight_inventories.py."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.slipway.kit.plugins.module_utils.contract import normalise, validate_applications
from ansible_collections.slipway.kit.plugins.module_utils.contract_errors import schema_problems
from ansible_collections.slipway.kit.plugins.module_utils.contract_schema import (
    CONTRACT_SCHEMA,
    DATABASE_PARTS,
    REDIS_PARTS,
)
from ansible_collections.slipway.kit.plugins.module_utils.contract_variables import looks_secret
from jsonschema import Draft202012Validator

from tests.unit.test_preflight_inventories import BASE, ROOT

SHOP: dict[str, Any] = BASE["vars"]["slipway_applications"]["shop"]


def schemas(schema: Any) -> list[dict[str, Any]]:
    """The schema and all that are in it."""
    inner = [*schema.get("properties", {}).values(), schema.get("additionalProperties"), schema.get("items")]
    return [schema, *(found for entry in inner if isinstance(entry, dict) for found in schemas(entry))]


def test_the_schema_is_one_and_describes_every_key() -> None:
    Draft202012Validator.check_schema(CONTRACT_SCHEMA)
    for schema in schemas(CONTRACT_SCHEMA):
        for key, described in schema.get("properties", {}).items():
            assert described.get("description"), key
        if schema.get("type") == "object" or "properties" in schema:
            assert "additionalProperties" in schema


def test_a_complete_contract_is_accepted_and_changed_by_nobody() -> None:
    full = normalise("shop", SHOP)
    assert normalise("shop", full) == full
    assert validate_applications({"shop": full}, root=str(ROOT)) == []


def test_defaults_that_depend_on_other_values() -> None:
    full = normalise("my-shop", SHOP)
    assert (full["processes"]["web"]["replicas"], full["processes"]["worker"]["replicas"]) == (2, 1)
    assert full["processes"]["web"]["probe"]["host"] == "shop.example.org"
    assert full["volumes"][0]["processes"] == ["web", "worker"]
    assert (full["volumes"][0]["owner"], full["volumes"][0]["mode"]) == ("10100:10100", None)
    assert (full["database"]["name"], full["database"]["user"]) == ("my_shop", "my_shop")
    assert full["database"]["env"] == {"url": "DATABASE_URL", "direct_url": "DATABASE_DIRECT_URL"}
    assert full["redis"]["cache"]["env"] == {"url": "CACHE_URL"}
    secret = {"generate": 50, "min_length": 32, "file": None, "env": "SECRET_KEY"}
    assert full["secrets"] == {"SECRET_KEY": secret}


def test_a_singleton_is_one_even_where_a_route_leads_to_it() -> None:
    processes = {"web": {**SHOP["processes"]["web"], "singleton": True}}
    assert normalise("shop", {**SHOP, "processes": processes})["processes"]["web"]["replicas"] == 1


def test_what_is_optional_and_absent_is_none() -> None:
    smallest = {
        "version": "1",
        "image": SHOP["image"],
        "processes": {"job": {"command": ["job"], "probe": {"none": "it ends by itself"}}},
    }
    full = normalise("small", smallest)
    assert [full[key] for key in ("database", "migrations", "static")] == [None, None, None]
    assert full["processes"]["job"]["port"] is None
    assert "server" not in full["processes"]["job"]
    assert validate_applications({"small": smallest}) == []


def test_a_default_is_never_shared_between_applications() -> None:
    one, two = normalise("one", SHOP), normalise("two", SHOP)
    one["tmpfs"]["/data"] = "size=1m"
    assert two["tmpfs"] == {}
    assert normalise("three", SHOP)["tmpfs"] == {}


def test_defaults_satisfy_the_schema() -> None:
    assert schema_problems(normalise("shop", SHOP), "shop") == []


def test_the_example_application_is_accepted() -> None:
    described = yaml.safe_load((ROOT / "examples/devicehub/slipway.yml").read_text())
    assert validate_applications(described["slipway_applications"], root=str(ROOT)) == []


@pytest.mark.parametrize(
    "broken", [None, [], "text", {"shop": None}, {"shop": []}, {"shop": {"processes": [], "routes": {}, "env": 3}}]
)
def test_nonsense_is_refused_and_never_raises(broken: Any) -> None:
    assert validate_applications(broken)


@pytest.mark.parametrize("key", sorted(CONTRACT_SCHEMA["properties"]))
@pytest.mark.parametrize("value", [None, 7, "text", [7], {"a": 7}, {"a": {"env": 7, "port": "x"}}, [{"path": 1}]])
def test_a_value_of_any_shape_is_judged_without_an_exception(key: str, value: Any) -> None:
    for problem in validate_applications({"shop": {**SHOP, key: value}}):
        assert problem.where.startswith("slipway_applications.shop")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SECRET_KEY", "abc"),
        ("EMAIL_HOST_PASSWORD", "abc"),
        ("DB_PASSWORD", "123456"),
        ("API_TOKEN_2", "abc"),
        ("SENTRY_DSN", "https://a:b@sentry.example.org/1"),
    ],
)
def test_secrets_in_the_clear_are_seen(key: str, value: str) -> None:
    assert looks_secret(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SECRET_KEY_FILE", "/run/secrets/SECRET_KEY"),
        ("TOKEN_LIFETIME", "3600"),
        ("MAX_TOKENS", "4096"),
        ("CACHE_KEY_PREFIX", "shop"),
        ("VAPID_PUBLIC_KEY", "abc"),
        ("KEYBOARD", "us"),
        ("AUTH_PASSWORD_VALIDATORS", "[]"),
        ("USE_TOKEN", "true"),
        ("SITE_URL", "https://shop.example.org"),
    ],
)
def test_what_only_speaks_of_secrets_is_let_through(key: str, value: str) -> None:
    assert not looks_secret(key, value)


def test_debug_is_allowed_where_nobody_depends_on_it() -> None:
    debugging = {"shop": {**SHOP, "env": {"DEBUG": "true"}}}
    assert validate_applications(debugging, production=False) == []
    assert validate_applications(debugging, production=True) != []


def test_two_applications_may_not_share_a_database_or_a_container_name() -> None:
    one = {**SHOP, "domains": ["one.test"], "redis": {}}
    two = {**SHOP, "domains": ["two.test"], "redis": {}, "database": {"name": "one"}}
    assert [problem.what for problem in validate_applications({"one": one, "two": two})] == [
        "the database one is taken by slipway_applications.one.database.name"
    ]
    nested = {
        "a": {**one, "processes": {**SHOP["processes"], "b-web": SHOP["processes"]["worker"]}},
        "a-b": {**two, "database": {}},
    }
    assert "the container name a-b-web is taken by slipway_applications.a.processes.b-web" in [
        problem.what for problem in validate_applications(nested)
    ]


def test_each_part_of_a_connection_is_one_that_the_kit_can_give() -> None:
    application = pytest.importorskip("ansible_collections.slipway.kit.plugins.module_utils.application")
    given = application.database_parts({"name": "a", "user": "b"}, "password")
    assert set(DATABASE_PARTS) <= set(given)
    assert set(REDIS_PARTS) <= set(application.redis_parts(6400, "password", "a-cache"))
