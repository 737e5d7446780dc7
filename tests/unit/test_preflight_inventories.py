"""Broken inventories, and what preflight says about each. tests/fixtures/inventories/ has one file for each."""

from __future__ import annotations

import copy
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.kit.plugins.module_utils.preflight import preflight_report

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests/fixtures"
BASE = yaml.safe_load((FIXTURES / "base_inventory.yml").read_text())
CASES = sorted((FIXTURES / "inventories").glob("*.yml"))


def changed(base: Any, change: Any) -> Any:
    """``base`` with the change laid over it; null takes a key out."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return copy.deepcopy(change)
    merged = {key: changed(base.get(key), value) for key, value in change.items() if value is not None}
    return {**{key: value for key, value in base.items() if key not in change}, **merged}


def report(inventory: dict[str, Any]) -> str:
    """What preflight says; the facts are composed as roles/preflight/vars/main.yml composes them."""
    variables = inventory["vars"]
    return preflight_report(
        {
            "environment": variables["slipway_env"],
            "production": variables["slipway_production"],
            "root": str(ROOT),
            "applications": variables["slipway_applications"],
            "topology": inventory["groups"],
            "bind_addresses": inventory["addresses"],
            "secrets_given": variables["secrets_given"],
            "secrets_generate": variables["slipway_secrets_generate"],
            "fence": {
                "script": variables.get("postgres_fence_script", ""),
                "silence": variables.get("postgres_fence_silence", 2),
                "timeout": variables.get("postgres_fence_timeout", 10),
                "pause": variables.get("postgres_fence_pause", 300),
            },
            "edge_ports": [80, 443],
            "min_disk_gib": 5,
            "min_memory_gib": 2,
            "probes": inventory["probes"],
        }
    )


def test_a_sound_inventory_is_not_refused() -> None:
    assert report(BASE) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_broken_inventory_is_refused(case: Path) -> None:
    described = yaml.safe_load(case.read_text())
    said = report(changed(BASE, described["change"]))
    for sentence in described["expect"]:
        assert sentence in said
    for sentence in described.get("never", []):
        assert sentence not in said
    problems = said.splitlines()[1:]
    assert all(": " in line and ". Mend: " in line for line in problems)
    if described.get("alone", case.stem != "secrets_missing"):
        assert len(problems) == len(described["expect"]), f"it says more than it should:\n{said}"


def written(inventory: dict[str, Any], directory: Path) -> Path:
    """The inventory as files that Ansible reads."""
    connection = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {host: {**connection, "slipway_bind_address": address} for host, address in inventory["addresses"].items()}
    groups = {
        group: {"hosts": {host: dict[str, str]() for host in members}} for group, members in inventory["groups"].items()
    }
    tree = {"all": {"hosts": hosts, "children": groups, "vars": inventory["vars"]}}
    path = directory / "hosts.yml"
    path.write_text(yaml.safe_dump(tree))
    return path


def run(inventory: dict[str, Any], directory: Path, playbook: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A playbook itself, against an inventory on disk; it says all that it can."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(written(inventory, directory))]
    command += ["-vvv", *options, str(ROOT / f"playbooks/{playbook}.yml")]
    environment = {**os.environ, "HOME": str(directory), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports that nobody holds, for the test must not depend on what runs on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def test_the_playbook_passes_a_sound_inventory_with_one_look_at_the_host(
    tmp_path: Path, free_ports: tuple[int, int]
) -> None:
    http, https = free_ports
    done = run(BASE, tmp_path, "preflight", "-e", f"nginx_http_port={http} nginx_https_port={https}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed=0" in done.stdout
    assert "changed=0" in done.stdout
    assert done.stdout.count("TASK [preflight : ") == 2  # its arguments, and the look


@pytest.mark.parametrize("name", ["everything_at_once", "secrets_weak", "secret_in_the_environment"])
def test_the_playbook_refuses_with_all_problems_and_no_secret(name: str, tmp_path: Path) -> None:
    described = yaml.safe_load((FIXTURES / f"inventories/{name}.yml").read_text())
    done = run(changed(BASE, described["change"]), tmp_path, "preflight")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    for sentence in described["expect"]:
        if not sentence.startswith("host "):
            assert sentence in said
    for sentence in described.get("never", []):
        assert sentence not in said


def test_the_playbook_names_who_holds_a_port(tmp_path: Path, free_ports: tuple[int, int]) -> None:
    with socket.create_server(("0.0.0.0", 0)) as holder:
        port = holder.getsockname()[1]
        done = run(BASE, tmp_path, "preflight", "-e", f"nginx_http_port={free_ports[0]} nginx_https_port={port}")
    assert f"host node1: port {port} is taken by" in done.stdout
    assert f"(pid {os.getpid()})" in done.stdout
    assert done.returncode != 0


def test_a_deploy_refuses_a_version_that_it_would_pass_over(tmp_path: Path) -> None:
    """What is given with -e wins over what a playbook makes of it."""
    applications = BASE["vars"]["slipway_applications"]
    name = next(iter(applications))
    given = ("-e", json.dumps({"app": name, "slipway_applications": applications}))
    for option in ("version=other", f"reference=registry.invalid/shop@sha256:{'0' * 64}"):
        done = run(BASE, tmp_path, "deploy", *given, "-e", option)
        assert f"which wins over {option.partition('=')[0]} given with -e" in done.stdout
        assert done.returncode != 0
    done = run(BASE, tmp_path, "deploy", *given, "-e", f"version={applications[name]['version']}", "--check")
    assert "TASK [preflight : " in done.stdout, "the same version is refused"
