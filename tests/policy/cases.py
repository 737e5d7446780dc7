"""The documents that policies/fixtures describe: a good one of each kind, and every named resource laid over it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from policies.sources import dockerfile_document, task_document

FIXTURES = Path(__file__).parents[2] / "policies" / "fixtures"
OUTCOMES = {"pass": "passed", "fail": "failed", "relaxed": "relaxed"}
TEXTS = {"dockerfile": dockerfile_document, "tasks": task_document}


@dataclass(frozen=True)
class Case:
    """One named resource: which policy's fixture it stands in, and how that policy must find it."""

    package: str
    module: str
    resource: str
    outcome: str
    document: dict[str, Any]

    @property
    def file(self) -> str:
        return f"{self.package}/{self.module}/{self.outcome}-{self.resource}.json"


def merged(base: Any, change: Any) -> Any:
    """*base* with *change* laid over it: mappings merge, ABSENT removes, anything else replaces."""
    if not (isinstance(base, Mapping) and isinstance(change, Mapping)):
        return copy.deepcopy(change)
    keys = [key for key in {**base, **change} if change.get(key) != "ABSENT"]
    return {key: merged(base.get(key), change[key]) if key in change else copy.deepcopy(base[key]) for key in keys}


def edited(document: dict[str, Any], edits: Mapping[str, list[list[str]]]) -> dict[str, Any]:
    """*document* with texts of its files replaced; a text that is not there is an error of the fixture's."""
    document = copy.deepcopy(document)
    for path, pairs in edits.items():
        (file,) = (entry for entry in document["files"] if entry["path"] == path)
        for old, new in pairs:
            assert old in file["content"], f"{path} has no {old!r}"
            file["content"] = file["content"].replace(old, new)
    return document


def load_good(name: str = "app") -> dict[str, Any]:
    good: dict[str, Any] = yaml.safe_load((FIXTURES / "good" / f"{name}.yml").read_text())
    return good


def _document(package: str, resource: str, base: str, change: Any) -> dict[str, Any]:
    if package in TEXTS:
        return TEXTS[package](f"fixture/{resource}", change)
    change = dict(change)
    edits = change.pop("edit", {})
    return merged(edited(load_good(base), edits), change)


def load_cases() -> list[Case]:
    cases = []
    for path in sorted(FIXTURES.glob("*/*.yml")):
        package = path.parent.name
        if package == "good":
            continue
        content = yaml.safe_load(path.read_text())
        base = content.pop("base", "app")
        for section, resources in content.items():
            for resource, change in resources.items():
                document = _document(package, resource, base, change)
                if document["kind"] == "container":
                    document |= {"host": path.stem, "name": resource}
                cases.append(Case(package, path.stem, resource, OUTCOMES[section], document))
    return cases
