"""Every key of the contract is stated by the deployment that tests/contract asks: a new key asks for a test there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.kit.plugins.module_utils.contract import validate_applications
from ansible_collections.slipway.kit.plugins.module_utils.contract_schema import CONTRACT_SCHEMA

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = ROOT / "tests/contract/inventory/group_vars/all/applications.yml"
APPLICATIONS: dict[str, Any] = yaml.safe_load(DEPLOYMENT.read_text())["slipway_applications"]
#: Keys that this deployment cannot state, and why.
ELSEWHERE = {"image.reference": "needs a registry, or an image that is there already"}


def missing(schema: Mapping[str, Any], values: list[Any], path: str = "") -> Iterator[str]:
    """The keys of a schema that none of the values states, to any depth."""
    for name, inner in schema.get("properties", {}).items():
        found = [value[name] for value in values if name in (value or {})]
        yield from missing(inner, found, f"{path}{name}.") if found else (f"{path}{name}",)
    if isinstance(schema.get("additionalProperties"), Mapping):
        found = [entry for value in values for entry in value.values()]
        yield from missing(schema["additionalProperties"], found, f"{path}*.")
    if "items" in schema:
        yield from missing(schema["items"], [entry for value in values for entry in value], f"{path}*.")


def test_every_key_is_stated() -> None:
    assert set(missing(CONTRACT_SCHEMA, list(APPLICATIONS.values()))) == set(ELSEWHERE)


def test_a_key_that_nobody_states_is_found() -> None:
    volumes = {**CONTRACT_SCHEMA["properties"]["volumes"]["items"]["properties"], "new": {"type": "string"}}
    schema = {"properties": {"volumes": {"items": {"properties": volumes}}}}
    assert list(missing(schema, list(APPLICATIONS.values()))) == ["volumes.*.new"]


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_the_deployment_is_sound(name: str) -> None:
    assert validate_applications({name: APPLICATIONS[name]}, root=str(ROOT)) == []


def values(schema: Mapping[str, Any], found: list[Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The values of each choice that nobody makes: of enumerations, and of keys that exclude each other."""
    for name, inner in schema.get("properties", {}).items():
        taken = [value[name] for value in found if name in (value or {})]
        yield from ((f"{path}{name}", choice) for choice in inner.get("enum", ()) if choice not in taken)
        yield from values(inner, taken, f"{path}{name}.")
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from values(schema["additionalProperties"], [e for value in found for e in value.values()], f"{path}*.")
    if "items" in schema:
        yield from values(schema["items"], [entry for value in found for entry in value], f"{path}*.")


def test_every_choice_is_made() -> None:
    """``default`` of a rate limit and DENY are what happens where nothing is stated."""
    left = set(values(CONTRACT_SCHEMA, list(APPLICATIONS.values())))
    assert left == {("routes.*.rate_limit", "default"), ("headers.frame_options", "DENY")}
