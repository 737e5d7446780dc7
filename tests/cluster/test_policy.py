"""The policies, applied to what really runs on every server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import Environment
from tests.faults.lab import Lab, Server


@pytest.fixture
def open_server(lab: Lab, environment: Environment) -> Iterator[Server]:
    """A server whose firewall somebody took away."""
    server = lab.servers[0]
    server.run("nft", "delete", "table", "inet", f"slipway_{environment.name}")
    yield server
    done = environment.playbook("playbooks/firewall.yml")
    assert done.returncode == 0, done.stdout[-4000:]


def test_what_runs_passes_every_policy(environment: Environment, tmp_path: Path) -> None:
    status, report = environment.judged(tmp_path / "policy")
    failed = [finding for finding in report["findings"] if finding["outcome"] == "failed"]
    assert (failed, report["faults"], status) == ([], [], 0)
    assert [entry["id"] for entry in report["policies"] if not entry["evaluated"]] == []


def test_a_host_without_its_firewall_fails(environment: Environment, open_server: Server, tmp_path: Path) -> None:
    status, report = environment.judged(tmp_path / "policy")
    failed = [finding for finding in report["findings"] if finding["outcome"] == "failed"]
    assert {(finding["policy"], finding["target"]) for finding in failed} == {("CKV_SLIP_226", open_server.name)}
    assert status != 0
