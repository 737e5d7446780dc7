"""The policies, applied to what really runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.environment import Environment, docker
from tests.infra.needles import Needles


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "policy"


@pytest.fixture
def rogue(environment: Environment, containers: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A container that somebody started by hand, with the environment's label, as root."""
    name = f"{environment.name}-rogue"
    image = containers["nginx"]["Image"]
    label = f"slipway.environment={environment.name}"
    docker("run", "--detach", "--name", name, "--label", label, "--user", "0:0", "--entrypoint", "sleep", image, "600")
    yield name
    docker("rm", "--force", name)


def test_what_runs_passes_every_policy(environment: Environment, output: Path) -> None:
    status, report = environment.judged(output)
    failed = [finding for finding in report["findings"] if finding["outcome"] == "failed"]
    assert (failed, report["faults"], status) == ([], [], 0)
    assert {entry["id"] for entry in report["policies"] if not entry["evaluated"]} == set()


def test_no_secret_is_in_what_was_written(environment: Environment, output: Path) -> None:
    environment.judged(output)
    needles = Needles(environment.control_dir)
    written = [path for path in output.parent.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert {str(path): found for path in written if (found := needles.found_in(path.read_text()))} == {}


def test_a_container_that_nobody_stated_is_found(environment: Environment, output: Path, rogue: str) -> None:
    status, report = environment.judged(output)
    failed = {
        (finding["policy"], finding["target"]) for finding in report["findings"] if finding["outcome"] == "failed"
    }
    target = f"node1/{rogue} (running)"
    assert status != 0
    assert {("CKV_SLIP_155", target), ("CKV_SLIP_104", target), ("CKV_SLIP_102", target)} <= failed
    assert {where for _, where in failed} == {target}
