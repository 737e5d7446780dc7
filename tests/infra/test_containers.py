"""Each container is hardened, in what the engine was told and in what the kernel says of its processes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import testinfra
import yaml
from testinfra.host import Host

from tests.environment import ROOT, Environment

Containers = dict[str, dict[str, Any]]


def offenders(containers: Containers, *path: str, good: Any) -> dict[str, Any]:
    """Containers whose value at a path of `docker inspect` is not good."""
    values = {}
    for name, entry in containers.items():
        value: Any = entry
        for key in path:
            value = value[key]
        values[name] = value
    return {name: value for name, value in values.items() if not good(value)}


@pytest.fixture
def processes(environment: Environment, containers: Containers, host: Host) -> dict[str, list[dict[str, str]]]:
    """Container to /proc/PID/status of each of its processes, helper commands of health checks included."""
    found = {}
    for name in containers:
        pids = host.check_output("docker top %s -eo pid", f"{environment.name}-{name}").split()[1:]
        texts = [host.run("cat /proc/%s/status", pid).stdout for pid in pids]
        found[name] = [
            dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in texts if text
        ]
    return found


def test_every_container_runs_and_is_healthy(
    environment: Environment, containers: Containers, until: Callable[..., Any]
) -> None:
    def unhealthy() -> dict[str, Any]:
        return offenders(environment.containers(), "State", good=lambda state: state["Health"]["Status"] == "healthy")

    until(lambda: not unhealthy())


def test_users_are_numbers_and_not_root(containers: Containers) -> None:
    numbers = re.compile(r"[1-9]\d*:[1-9]\d*")
    assert offenders(containers, "Config", "User", good=numbers.fullmatch) == {}


def test_no_process_is_root(processes: dict[str, list[dict[str, str]]]) -> None:
    for name, found in processes.items():
        assert found, name
        identities = {number for status in found for key in ("Uid", "Gid") for number in status[key].split()}
        assert "0" not in identities, name


def test_no_process_has_a_capability(processes: dict[str, list[dict[str, str]]]) -> None:
    sets = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    for name, found in processes.items():
        assert {int(status[key], 16) for status in found for key in sets} == {0}, name


def test_no_process_may_gain_privileges(processes: dict[str, list[dict[str, str]]]) -> None:
    for name, found in processes.items():
        assert {status["NoNewPrivs"] for status in found} == {"1"}, name


def test_capabilities_are_dropped(containers: Containers) -> None:
    assert offenders(containers, "HostConfig", "CapDrop", good=lambda dropped: dropped == ["ALL"]) == {}
    assert offenders(containers, "HostConfig", "CapAdd", good=lambda added: not added) == {}
    assert offenders(containers, "HostConfig", "Privileged", good=lambda privileged: privileged is False) == {}
    assert offenders(containers, "HostConfig", "Devices", good=lambda devices: not devices) == {}


def test_system_calls_are_filtered(processes: dict[str, list[dict[str, str]]]) -> None:
    for name, found in processes.items():
        assert {status["Seccomp"] for status in found} == {"2"}, name


def test_the_root_is_read_only(environment: Environment, containers: Containers) -> None:
    assert offenders(containers, "HostConfig", "ReadonlyRootfs", good=lambda value: value is True) == {}
    for name in containers:
        inside = testinfra.get_host(f"docker://{environment.name}-{name}")
        for directory in ("/", "/etc", "/usr/local/bin", "/run/secrets"):
            refused = inside.run(f"echo x > {directory}/written-by-a-test")
            assert refused.failed, f"{name} can write below {directory}"


def test_limits_are_set(containers: Containers) -> None:
    limits = {
        "memory": ("HostConfig", "Memory"),
        "swap": ("HostConfig", "MemorySwap"),
        "cpu": ("HostConfig", "NanoCpus"),
        "processes": ("HostConfig", "PidsLimit"),
    }
    for limit, path in limits.items():
        assert offenders(containers, *path, good=lambda value: value and value > 0) == {}, limit
    swap = {
        name: entry["HostConfig"]["MemorySwap"] - entry["HostConfig"]["Memory"] for name, entry in containers.items()
    }
    assert set(swap.values()) == {0}, swap


def test_logs_are_bounded_as_the_baseline_says(containers: Containers) -> None:
    defaults = yaml.safe_load((ROOT / "roles/container/defaults/main.yml").read_text())
    options = defaults["container_baseline"]["log_options"]
    assert set(options) == {"max-size", "max-file"}
    wanted = {"Type": "json-file", "Config": options}
    assert offenders(containers, "HostConfig", "LogConfig", good=lambda value: value == wanted) == {}


def test_containers_start_again_by_themselves(containers: Containers) -> None:
    again = ("HostConfig", "RestartPolicy", "Name")
    assert offenders(containers, *again, good=lambda policy: policy == "unless-stopped") == {}


def test_nothing_of_the_host_is_mounted_writable(environment: Environment, containers: Containers) -> None:
    for name, entry in containers.items():
        for mount in entry["Mounts"]:
            if mount["Type"] == "bind":
                assert not mount["RW"], f"{name}: {mount['Source']}"
                assert mount["Source"].startswith(f"{environment.state_dir}/"), f"{name}: {mount['Source']}"


def test_no_program_is_setuid(environment: Environment, containers: Containers) -> None:
    for name in containers:
        inside = testinfra.get_host(f"docker://{environment.name}-{name}")
        assert inside.run("find / -xdev -type f -perm /6000 -print").stdout == "", name


def test_no_tool_to_build_with_is_left(environment: Environment, containers: Containers) -> None:
    for name in containers:
        inside = testinfra.get_host(f"docker://{environment.name}-{name}")
        present = [tool for tool in ("gcc", "cc", "make", "pip", "pip3", "apt-key") if inside.exists(tool)]
        assert present == [], name
