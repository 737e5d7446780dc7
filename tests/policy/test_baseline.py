"""The hardened baseline, with the least a service can state, passes every policy by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.kit.plugins.module_utils.container_spec import document, expand

from policies.base import Outcome
from policies.scan import load_policies

BASELINE = yaml.safe_load((Path(__file__).parents[2] / "roles/container/defaults/main.yml").read_text())
LEAST = {
    "name": "web",
    "stop_grace": 30,
    "image": "slipway/app-shop:3f9ac1d20b7e",
    "user": "10100:10100",
    "healthcheck": {"test": ["CMD", "python3", "/app/probe.py"]},
    "networks": [{"name": "app-shop"}],
    "files": [{"path": "/run/secrets/key", "content": "do not show", "secret": True}],
}


def rendered(**changes: Any) -> dict[str, Any]:
    desired = expand(
        {**LEAST, **changes},
        environment="fixture",
        service="app-shop",
        state_dir="/var/lib/slipway/fixture",
        baseline=BASELINE["container_baseline"],
        checksum_key="key",
    )
    return document(desired, "node1")


def outcomes(found: dict[str, Any]) -> dict[str, Outcome]:
    evaluated = {policy.id: policy.evaluate(found) for policy in load_policies()}
    return {name: evaluation.outcome for name, evaluation in evaluated.items() if evaluation}


def test_the_least_spec_passes_every_policy() -> None:
    found = outcomes(rendered())
    assert len(found) > 18
    assert set(found.values()) == {Outcome.PASSED}


@pytest.mark.parametrize("option", sorted(set(BASELINE["container_baseline"]) - {"capabilities", "devices"}))
def test_every_safety_value_of_the_baseline_is_watched(option: str) -> None:
    """Each option of the baseline, taken away, is missed by a policy, or has a safe default in Docker."""
    safe_by_default = {"init", "ipc_mode", "pid_mode", "userns_mode", "uts"}
    found = rendered()
    del found["container"][option]
    failed = [name for name, outcome in outcomes(found).items() if outcome is Outcome.FAILED]
    assert bool(failed) == (option not in safe_by_default)


def test_a_relaxation_shows_with_its_reason() -> None:
    found = rendered(relax={"read_only": {"value": False, "reason": "the vendor patches itself"}})
    assert outcomes(found)["CKV_SLIP_105"] is Outcome.RELAXED


def test_a_secret_file_leaves_no_content() -> None:
    assert "do not show" not in str(rendered())
