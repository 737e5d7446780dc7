"""Fixtures: a good document, and one scan of everything policies/fixtures describes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.scan import Result, load_policies, scan
from tests.policy.cases import load_cases, load_good


@pytest.fixture
def good() -> dict[str, Any]:
    """A document that every policy passes."""
    return load_good()


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Every fixture document, scanned once by all policies."""
    folder = tmp_path_factory.mktemp("specs")
    for case in load_cases():
        path = folder / case.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(case.document, indent=2))
    return scan(folder, load_policies())
