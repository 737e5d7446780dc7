"""Which secrets are needed, and what is wrong with given ones. More of the latter: test_preflight_inventories.py."""

from __future__ import annotations

import secrets
import string

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.secret_names import (
    required_secrets,
    secret_markers,
    secret_problems,
)

RULES = {"length": 40, "min_length": 24, "generate": True, "charset": "alphanumeric"}


def test_the_names_come_from_the_kit_and_the_contracts() -> None:
    shop = {
        "database": {},
        "redis": {"cache": {"kind": "cache"}},
        "secrets": {"SECRET_KEY": {"generate": 60, "min_length": 50}},
    }
    needed = required_secrets({"shop": shop, "page": {}})
    assert set(needed) == {
        "postgres/replication",
        "patroni/restapi",
        "sentinel/admin",
        "kit/checksum_key",
        "database/shop",
        "router/shop",
        "router/page",
        "redis/shop/cache/app",
        "redis/shop/cache/router",
        "redis/shop/cache/replica",
        "redis/shop/cache/sentinel",
        "redis/shop/cache/health",
        "shop/SECRET_KEY",
    }
    assert needed["shop/SECRET_KEY"] == {**RULES, "length": 60, "min_length": 50}
    assert needed["sentinel/admin"] == RULES


def test_a_registry_has_a_password() -> None:
    assert set(required_secrets({}, {"registry": ["n1"]})) - set(required_secrets({}, {})) == {"registry/password"}


def test_a_generated_value_is_never_shorter_than_it_must_be() -> None:
    needed = required_secrets({"shop": {"secrets": {"LONG": {"generate": 20, "min_length": 64}}}})
    assert needed["shop/LONG"]["length"] == 64


def test_generated_values_are_never_taken_for_weak() -> None:
    alphabet = string.ascii_letters + string.digits
    for _ in range(2000):
        value = "".join(secrets.choice(alphabet) for _ in range(40))
        assert secret_problems({"a": RULES}, {"a": value}, generate_allowed=False) == []


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "change-me-please-change-me-please",
        "django-insecure-0123456789abcdefghijklmnop",
        "your-secret-key-goes-here-0123456789",
        "replace_with_a_long_random_string",
        "<put a password here, 40 characters>",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "TODO: ask the administrator for this",
        "example-password-0123456789abcdef",
        "PLACEHOLDER-0123456789-abcdefghij",
        "ChangeMe",
    ],
)
def test_placeholders_are_refused_at_any_length(value: str) -> None:
    (problem,) = secret_problems({"a": RULES}, {"a": value}, generate_allowed=True)
    assert problem.what == "is a placeholder"
    assert value not in str(problem)


def test_a_missing_secret_is_fine_where_it_will_be_made_up() -> None:
    assert secret_problems({"a": RULES}, {}, generate_allowed=True) == []
    assert len(secret_problems({"a": RULES}, {"a": ""}, generate_allowed=False)) == 1
    assert len(secret_problems({"a": {**RULES, "generate": False}}, {}, generate_allowed=True)) == 1


def test_markers_stand_for_secrets() -> None:
    assert secret_markers({"sentinel/admin": RULES}) == {"sentinel/admin": "[secret sentinel/admin]"}
