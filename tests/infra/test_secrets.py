"""No secret value of the environment shows anywhere but in the files that are made for it."""

from __future__ import annotations

import pytest
from testinfra.host import Host

from tests.environment import Environment
from tests.infra.needles import Needles


@pytest.fixture(scope="module")
def needles(environment: Environment) -> Needles:
    return Needles(environment.control_dir)


def test_the_search_finds_what_is_there(environment: Environment, needles: Needles) -> None:
    """Or everything below would pass for an empty list."""
    assert needles.short == []
    assert len(needles.values) > 20
    files = [path for path in (environment.state_dir / "files").rglob("*") if path.is_file()]
    shown = {name for path in files for name in needles.found_in(path.read_text(errors="replace"))}
    assert {"database/devicehub", "devicehub/SECRET_KEY", "nginx.key", "redis/devicehub/cache/health"} <= shown


def test_secrets_are_not_in_inspect(environment: Environment, host: Host, needles: Needles) -> None:
    wanted = f"label=slipway.environment={environment.name}"
    asked = {
        "container": host.check_output("docker ps --all --quiet --filter %s", wanted),
        "network": host.check_output("docker network ls --quiet --filter %s", wanted),
        "volume": host.check_output("docker volume ls --quiet --filter %s", wanted),
    }
    for kind, names in asked.items():
        assert names, kind
        found = needles.found_in(host.check_output(f"docker {kind} inspect " + " ".join(names.split())))
        assert found == [], kind


def test_secrets_are_not_in_images(environment: Environment, host: Host, needles: Needles) -> None:
    for image in {entry["Image"] for entry in environment.containers().values()}:
        found = needles.found_in(host.check_output("docker image inspect %s", image))
        found += needles.found_in(host.check_output("docker history --no-trunc %s", image))
        assert found == [], image


def test_secrets_are_not_in_the_arguments_of_processes(host: Host, needles: Needles) -> None:
    # The search itself must not be an argument, so it happens here and not on the host.
    shown = host.check_output("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true")
    assert "patroni" in shown
    found = needles.found_in(shown)
    assert found == []


def test_secrets_are_not_in_logs(environment: Environment, needles: Needles) -> None:
    for name in environment.containers():
        found = needles.found_in(environment.log(name))
        assert found == [], name


def test_secret_files_are_their_owners_alone(environment: Environment, needles: Needles) -> None:
    files = [path for path in (environment.state_dir / "files").rglob("*") if path.is_file()]
    holding = [path for path in files if needles.found_in(path.read_text(errors="replace"))]
    assert holding
    assert {str(path): oct(path.stat().st_mode) for path in holding if path.stat().st_mode & 0o377} == {}
    assert {str(path) for path in holding if path.stat().st_uid == 0} == set()


def test_secrets_are_not_in_what_ansible_says(unchanged_run: str, needles: Needles) -> None:
    found = needles.found_in(unchanged_run)
    assert found == []
