"""The documents that policies/fixtures describe: a good one, and every named resource laid over it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FIXTURES = Path(__file__).parents[2] / "policies" / "fixtures"
OUTCOMES = {"pass": "passed", "fail": "failed", "relaxed": "relaxed"}


@dataclass(frozen=True)
class Case:
    """One named resource: which policy's fixture it stands in, and how that policy must find it."""

    module: str
    resource: str
    outcome: str
    document: dict[str, Any]

    @property
    def file(self) -> str:
        return f"{self.module}/{self.outcome}-{self.resource}.json"


def merged(base: Any, change: Any) -> Any:
    """*base* with *change* laid over it: mappings merge, ABSENT removes, anything else replaces."""
    if not (isinstance(base, Mapping) and isinstance(change, Mapping)):
        return copy.deepcopy(change)
    keys = [key for key in {**base, **change} if change.get(key) != "ABSENT"]
    return {key: merged(base.get(key), change[key]) if key in change else copy.deepcopy(base[key]) for key in keys}


def load_good() -> dict[str, Any]:
    good: dict[str, Any] = yaml.safe_load((FIXTURES / "good.yml").read_text())
    return good


def load_cases() -> list[Case]:
    good = load_good()
    cases = []
    for path in sorted((FIXTURES / "container").glob("*.yml")):
        for section, resources in yaml.safe_load(path.read_text()).items():
            for resource, change in resources.items():
                named = {"host": path.stem, "name": resource}
                cases.append(Case(path.stem, resource, OUTCOMES[section], merged(merged(good, change), named)))
    return cases
