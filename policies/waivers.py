"""Failures that somebody answers for until a day: inventories/NAME/policy-waivers.yml."""

from __future__ import annotations

import datetime
import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

KEYS = ("policy", "resource", "reason", "owner", "expires")


@dataclass(frozen=True)
class Waiver:
    """One failure that is accepted: which policy, which targets (with ``*``), why, by whom, until when."""

    policy: str
    resource: str
    reason: str
    owner: str
    expires: datetime.date

    def covers(self, policy: str, target: str) -> bool:
        return policy == self.policy and fnmatch.fnmatchcase(target, self.resource)


def read(path: Path, today: datetime.date) -> tuple[list[Waiver], list[str]]:
    """The waivers of an environment that hold today, and what is wrong with the others. No file, no waivers."""
    if not path.exists():
        return [], []
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        return [], [f"{path} is not valid YAML: {' '.join(str(error).split())}"]
    if not isinstance(entries, list):
        return [], [f"{path} must be a list of waivers, each with {', '.join(KEYS)}"]
    waivers, faults = [], []
    for number, entry in enumerate(entries, 1):
        problem = _problem(entry, today)
        if problem:
            faults.append(f"{path}, waiver {number}: {problem}")
        else:
            waivers.append(Waiver(**{key: entry[key] for key in KEYS}))
    return waivers, faults


def _problem(entry: Any, today: datetime.date) -> str:
    if not isinstance(entry, dict) or set(entry) != set(KEYS):
        return f"it must have exactly the keys {', '.join(KEYS)}"
    if type(entry["expires"]) is not datetime.date:
        return f"expires is {entry['expires']!r}, not a date such as 2027-01-31"
    empty = [key for key in KEYS[:-1] if not str(entry[key] or "").strip()]
    if empty:
        return f"{', '.join(empty)} is empty"
    if not str(entry["policy"]).startswith("CKV_"):
        return f"policy is {entry['policy']!r}, not the id of a policy"
    if entry["expires"] < today:
        return f"it expired on {entry['expires']} ({entry['policy']}, {entry['owner']}): mend the cause or agree anew"
    return ""
