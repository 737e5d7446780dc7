"""What Redis and Sentinel remember across a start, and what counts as healthy: the scripts of the redis image."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "roles/redis/files/image"

REDIS = "port 0\ntls-port 6401\nmaxmemory 64mb\nreplicaof redis-first 6401\n"
SENTINEL = (
    "port 0\n"
    "sentinel resolve-hostnames yes\n"
    "sentinel monitor cache redis-one 6401 2\n"
    "sentinel down-after-milliseconds cache 1000\n"
    "sentinel monitor broker redis-one 6402 2\n"
)
Start = Callable[[str, str], str]


@pytest.fixture
def stub(tmp_path: Path) -> Callable[[str, str], dict[str, str]]:
    """A program of a given name that runs a given script, first in the PATH of the returned environment."""

    def make(name: str, script: str) -> dict[str, str]:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}

    return make


@pytest.fixture
def start(tmp_path: Path, stub: Callable[[str, str], dict[str, str]]) -> Start:
    """Run a start script over a mounted configuration; returns the configuration the server was given."""
    (tmp_path / "data").mkdir()

    def run(script: str, mounted: str) -> str:
        configuration = tmp_path / "mounted.conf"
        configuration.write_text(mounted)
        command = ["sh", str(SCRIPTS / script), str(configuration), str(tmp_path / "data")]
        environment = stub("redis-server", 'cat "$1"')
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    return run


def rewrite(tmp_path: Path, name: str, change: Callable[[str], str]) -> None:
    """What the server does to its own configuration while it runs."""
    path = tmp_path / "data" / name
    path.write_text(change(path.read_text()))


def test_first_start_takes_the_configuration_as_it_is(start: Start, tmp_path: Path) -> None:
    assert start("redis-start", REDIS) == REDIS
    assert (tmp_path / "data/redis.conf").stat().st_mode & 0o777 == 0o600


def test_replica_that_was_promoted_stays_master(start: Start, tmp_path: Path) -> None:
    start("redis-start", REDIS)
    rewrite(tmp_path, "redis.conf", lambda text: text.replace("replicaof redis-first 6401\n", ""))
    assert start("redis-start", REDIS) == REDIS.replace("replicaof redis-first 6401\n", "")


def test_replica_follows_whom_it_last_followed(start: Start, tmp_path: Path) -> None:
    start("redis-start", REDIS)
    rewrite(tmp_path, "redis.conf", lambda text: text.replace("redis-first", "redis-second") + "user app on #00\n")
    assert start("redis-start", REDIS) == REDIS.replace("redis-first", "redis-second")


def test_new_settings_arrive_and_old_ones_go(start: Start, tmp_path: Path) -> None:
    start("redis-start", REDIS)
    rewrite(tmp_path, "redis.conf", lambda text: text + "maxmemory 1mb\nappendonly yes\n")
    changed = start("redis-start", REDIS.replace("64mb", "128mb"))
    assert "maxmemory 128mb" in changed
    assert "maxmemory 1mb" not in changed
    assert "appendonly" not in changed


def asking(stub: Callable[[str, str], dict[str, str]], tmp_path: Path, answers: str) -> str:
    """Start a member without a past, with a redis-cli that answers line by line; returns replicaof."""
    (tmp_path / "data").mkdir()
    (tmp_path / "mounted.conf").write_text(REDIS)
    (tmp_path / "sentinel").write_text("a password")
    (tmp_path / "answers").write_text(answers)
    stub("redis-server", 'cat "$1"')
    stub("sleep", ":")
    environment = stub("redis-cli", f"head -n 1 {tmp_path}/answers; sed -i 1d {tmp_path}/answers")
    environment |= {
        "REDIS_SENTINELS": "sentinel-one sentinel-two",
        "REDIS_SERVICE": "shop-cache",
        "REDIS_MEMBER": "redis-one",
        "REDIS_SENTINEL_PASSWORD_FILE": str(tmp_path / "sentinel"),
        "REDIS_PATIENCE": "3",
    }
    command = ["sh", str(SCRIPTS / "redis-start"), str(tmp_path / "mounted.conf"), str(tmp_path / "data")]
    shown = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return shown.removeprefix(REDIS.replace("replicaof redis-first 6401\n", "")).strip()


@pytest.mark.parametrize(
    ("answers", "follows"),
    [
        ("redis-two 6401\n", "replicaof redis-two 6401"),
        ("NOAUTH Authentication required.\nredis-two 6401\n", "replicaof redis-two 6401"),
        ("\n\n", "replicaof redis-first 6401"),
        ("ERR broken\n\n", "replicaof redis-first 6401"),
        # It was the master itself, and its data is gone: it waits until another one is chosen, though not for ever.
        ("redis-one 6401\nredis-one 6401\nredis-two 6401\n", "replicaof redis-two 6401"),
        ("redis-one 6401\n" * 9, ""),
    ],
)
def test_member_without_a_past_asks_who_leads(
    stub: Callable[[str, str], dict[str, str]], tmp_path: Path, answers: str, follows: str
) -> None:
    assert asking(stub, tmp_path, answers) == follows


def test_first_sentinel_takes_the_configuration_as_it_is(start: Start) -> None:
    assert start("sentinel-start", SENTINEL) == SENTINEL


def test_sentinel_remembers_what_it_learned(start: Start, tmp_path: Path) -> None:
    learned = (
        "sentinel myid 0123\n"
        "sentinel current-epoch 3\n"
        "sentinel config-epoch cache 3\n"
        "sentinel leader-epoch cache 3\n"
        "sentinel known-replica cache redis-one 6401\n"
        "sentinel known-sentinel cache sentinel-two 26379 4567\n"
    )
    start("sentinel-start", SENTINEL)
    rewrite(tmp_path, "sentinel.conf", lambda text: text.replace("cache redis-one 6401 2", "cache redis-two 6401 1"))
    rewrite(tmp_path, "sentinel.conf", lambda text: text + learned + "sentinel auth-pass cache old\n")
    assert start("sentinel-start", SENTINEL) == (
        SENTINEL.replace("sentinel monitor cache redis-one 6401 2", "sentinel monitor cache redis-two 6401 2") + learned
    )


def test_sentinel_forgets_a_master_that_is_gone(start: Start, tmp_path: Path) -> None:
    start("sentinel-start", SENTINEL)
    rewrite(tmp_path, "sentinel.conf", lambda text: text + "sentinel known-replica broker redis-two 6402\n")
    alone = SENTINEL.replace("sentinel monitor broker redis-one 6402 2\n", "")
    assert start("sentinel-start", alone) == alone


def test_sentinel_forgets_members_of_a_host_that_is_gone(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = (
        "sentinel known-replica cache redis-two 6401\n"
        "sentinel known-sentinel cache sentinel-two 26379 4567\n"
        "sentinel config-epoch cache 3\n"
    )
    goes = "sentinel known-replica cache redis-three 6401\nsentinel known-sentinel cache sentinel-three 26379 89\n"
    start("sentinel-start", SENTINEL)
    rewrite(tmp_path, "sentinel.conf", lambda text: text.replace("cache redis-one", "cache redis-three") + stays + goes)
    monkeypatch.setenv("SENTINEL_NAMES", "redis-one sentinel-one redis-two sentinel-two")
    assert start("sentinel-start", SENTINEL) == SENTINEL + stays


@pytest.mark.parametrize(
    ("answer", "healthy"),
    [
        ("PONG", True),
        ("NOAUTH Authentication required.", False),
        ("LOADING Redis is loading the dataset in memory", False),
        ("PONG?", False),
        ("", False),
    ],
)
def test_only_pong_is_healthy(
    stub: Callable[[str, str], dict[str, str]], tmp_path: Path, answer: str, healthy: bool
) -> None:
    (tmp_path / "health").write_text("a password")
    environment = stub("redis-cli", f'[ "$REDISCLI_AUTH" = "a password" ] && echo "{answer}"')
    environment["REDIS_HEALTH_PASSWORD_FILE"] = str(tmp_path / "health")
    result = subprocess.run(
        ["sh", str(SCRIPTS / "redis-health"), "6401"], env=environment, capture_output=True, check=False
    )
    assert (result.returncode == 0) is healthy
