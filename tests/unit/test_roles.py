"""Every role has the shape a reader expects, and its defaults agree with what it says of its arguments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = sorted(path for path in (Path(__file__).parents[2] / "roles").iterdir() if path.is_dir())
# A role without tasks holds values for others.
WITHOUT_TASKS = {"environment"}
# The kit's own prefix belongs to the role that all depend on.
PREFIXES = {"environment": "slipway_"}


def load(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def options(role: Path) -> dict[str, dict[str, Any]]:
    specs = load(role / "meta" / "argument_specs.yml")["argument_specs"]
    assert "main" in specs, "the entry point main is described"
    return {name: option for entry in specs.values() for name, option in (entry.get("options") or {}).items()}


def prefix(role: Path) -> str:
    return PREFIXES.get(role.name, f"{role.name}_")


@pytest.fixture(params=ROLES, ids=lambda role: str(role.name))
def role(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_role_has_its_files(role: Path) -> None:
    wanted = ["README.md", "defaults/main.yml", "meta/main.yml", "meta/argument_specs.yml"]
    if role.name not in WITHOUT_TASKS:
        wanted.append("tasks/main.yml")
    assert [name for name in wanted if not (role / name).exists()] == []


def test_readme_has_a_place_for_the_variables(role: Path) -> None:
    assert re.search(r"<!-- variables -->.*<!-- /variables -->", (role / "README.md").read_text(), re.DOTALL)


def test_every_default_is_described(role: Path) -> None:
    assert sorted(set(load(role / "defaults" / "main.yml")) - set(options(role))) == []


def test_every_optional_argument_has_a_default(role: Path) -> None:
    defaults = load(role / "defaults" / "main.yml")
    optional = {name for name, option in options(role).items() if not option.get("required")}
    assert sorted(optional - set(defaults)) == []


def test_a_required_argument_has_no_default(role: Path) -> None:
    defaults = load(role / "defaults" / "main.yml")
    required = {name for name, option in options(role).items() if option.get("required")}
    assert sorted(required & set(defaults)) == []


def test_defaults_that_are_stated_twice_agree(role: Path) -> None:
    defaults = load(role / "defaults" / "main.yml")
    stated = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert {name: defaults.get(name) for name in stated} == stated


def test_public_variables_carry_the_roles_name(role: Path) -> None:
    names = {*load(role / "defaults" / "main.yml"), *options(role)}
    assert sorted(name for name in names if not name.startswith(prefix(role))) == []


def test_internal_variables_carry_two_underscores(role: Path) -> None:
    names = load(role / "vars" / "main.yml")
    assert sorted(name for name in names if not name.startswith(f"__{role.name}_")) == []


def test_every_argument_says_what_it_is(role: Path) -> None:
    assert sorted(name for name, option in options(role).items() if not option.get("description")) == []


def test_every_role_but_environment_depends_on_it(role: Path) -> None:
    dependencies = load(role / "meta" / "main.yml").get("dependencies") or []
    names = [entry["role"] if isinstance(entry, dict) else entry for entry in dependencies]
    assert ("environment" in names) == (role.name != "environment")
