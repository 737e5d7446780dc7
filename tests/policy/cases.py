"""The documents that policies/fixtures describe: a good one of each kind, and every named resource laid over it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True)
class Fixture:
    """A named resource as its file states it: what it changes of which good document."""

    package: str
    module: str
    resource: str
    outcome: str
    base: str
    stated: Any

    @property
    def edits(self) -> Mapping[str, list[list[str]]]:
        edits: Mapping[str, list[list[str]]] = self.stated.get("edit", {})
        return edits

    @property
    def change(self) -> dict[str, Any]:
        return {key: value for key, value in self.stated.items() if key != "edit"}


def fixtures() -> Iterator[Fixture]:
    for path in sorted(FIXTURES.glob("*/*.yml")):
        if path.parent.name == "good":
            continue
        content = yaml.safe_load(path.read_text())
        base = content.pop("base", "app")
        for section, resources in content.items():
            for resource, stated in resources.items():
                yield Fixture(path.parent.name, path.stem, resource, OUTCOMES[section], base, stated)


def broken_fixtures() -> Iterator[Fixture]:
    """Those that break a document of a container or an environment."""
    return (entry for entry in fixtures() if entry.outcome == "failed" and entry.package not in TEXTS)


def load_cases() -> list[Case]:
    cases = []
    for entry in fixtures():
        if entry.package in TEXTS:
            document = TEXTS[entry.package](f"fixture/{entry.resource}", entry.stated)
        else:
            document = merged(edited(load_good(entry.base), entry.edits), entry.change)
        if document["kind"] == "container":
            document |= {"host": entry.module, "name": entry.resource}
        cases.append(Case(entry.package, entry.module, entry.resource, entry.outcome, document))
    return cases
