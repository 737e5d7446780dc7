"""Named processes: their commands and servers, replicas, order, probes, limits, signals, one-offs and schedule."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.conftest import Until
from tests.contract.conftest import Application, Noted
from tests.environment import Environment, docker

Inspected = dict[str, dict[str, Any]]


def test_each_process_has_its_replicas(environment: Environment) -> None:
    found = {name: len(environment.replicas("mirror", name)) for name in ("web", "live", "elder-live", "worker")}
    assert found == {"web": 2, "live": 1, "elder-live": 1, "worker": 2}
    assert environment.replicas("mirror", "clock") == ["mirror-clock-1"]
    assert environment.replicas("mirror", "schedule") == ["mirror-schedule-1"]
    assert environment.replicas("quiet", "idle") == ["quiet-idle-1"]


def test_a_command_reaches_the_process_word_by_word(noted: Noted, raw: str) -> None:
    facts = noted("mirror-worker-2")
    assert facts["arguments"] == ["worker", raw, "7"]
    assert facts["argv"][1:] == ["-m", "mirror.facts", "worker", raw, "7"]


def test_gunicorn_is_started_as_stated(mirror: Application) -> None:
    argv = mirror.ask("facts")["argv"]
    words = "--bind 0.0.0.0:8000 --workers 2 --graceful-timeout 20 --threads 4 --log-level warning".split()
    assert set(words) <= set(argv)
    assert argv[-1] == "mirror.web:application"


def test_uvicorn_and_daphne_are_started_as_stated(mirror: Application) -> None:
    assert {"--port", "8001", "mirror.live:application"} <= set(mirror("/ws/any").json()["argv"])
    daphne = mirror("/elder/any").json()["argv"]
    assert any(word.endswith("daphne") for word in daphne)
    assert {"8002", "mirror.live:application"} <= set(daphne)


def began(inspected: Inspected, name: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(inspected[name]["State"]["StartedAt"])


def test_lower_orders_start_first(inspected: Inspected) -> None:
    """worker 1, elder-live 10 as every process that says nothing, web 20, live 30, and the schedule after all."""
    order = ["mirror-worker-1", "mirror-elder-live-1", "mirror-web-1", "mirror-live-1", "mirror-schedule-1"]
    moments = [began(inspected, name) for name in order]
    assert moments == sorted(moments)


def test_a_probe_asks_with_host_header_status_and_body(inspected: Inspected, mirror: Application) -> None:
    """Whoever asks otherwise gets 400, so that the replica would be unhealthy and the router would not ask it."""
    assert mirror("/ready").status_code == 400
    for name in ("mirror-web-1", "mirror-web-2"):
        assert inspected[name]["State"]["Health"]["Status"] == "healthy"
        check = inspected[name]["Config"]["Healthcheck"]
        assert [check[key] // 10**9 for key in ("Interval", "Timeout", "StartPeriod")] == [2, 2, 40]
        assert check["Retries"] == 4
        assert '"body": "ready as can be"' in check["Test"][-1]


def test_a_probe_by_command_is_asked(environment: Environment, inspected: Inspected, until: Until) -> None:
    assert inspected["mirror-worker-1"]["State"]["Health"]["Status"] == "healthy"
    assert inspected["mirror-worker-1"]["Config"]["Healthcheck"]["Test"] == ["CMD", "test", "-f", "/tmp/well"]
    state = "--format={{.State.Health.Status}}"
    environment.execute("mirror-worker-1", "rm", "/tmp/well")
    until(lambda: docker("inspect", state, "contract-mirror-worker-1").strip() == "unhealthy")
    environment.execute("mirror-worker-1", "touch", "/tmp/well")
    until(lambda: docker("inspect", state, "contract-mirror-worker-1").strip() == "healthy")


def test_a_process_without_a_probe_runs(inspected: Inspected) -> None:
    for name in ("mirror-clock-1", "quiet-idle-1"):
        assert inspected[name]["State"]["Status"] == "running"
        assert "Health" not in inspected[name]["State"]


def test_limits_hold(environment: Environment, inspected: Inspected) -> None:
    host = inspected["mirror-web-1"]["HostConfig"]
    assert (host["Memory"], host["MemorySwap"]) == (200 * 2**20, 200 * 2**20)
    assert (host["NanoCpus"], host["PidsLimit"]) == (750_000_000, 60)
    assert inspected["mirror-web-1"]["Config"]["StopTimeout"] == 20


def test_a_process_ends_on_its_own_signal(environment: Environment, inspected: Inspected) -> None:
    assert inspected["mirror-worker-2"]["Config"]["StopTimeout"] == 15
    docker("stop", "contract-mirror-worker-2")
    try:
        assert environment.execute("mirror-web-1", "cat", "/srv/shared/mirror-worker-2.ended") == '"SIGINT"'
    finally:
        docker("start", "contract-mirror-worker-2")


def test_release_and_migration_ran_once_and_in_order(mirror: Application) -> None:
    """Six replicas and more migrate when they start, each under the lock, and the first does."""
    assert mirror.ask("database", variable="DB_DIRECT_URL")["steps"] == ["first", "second", "schema"]


def test_release_commands_write_to_the_volumes_of_the_processes(mirror: Application) -> None:
    for step in ("first", "second"):
        assert mirror.ask("file", path=f"/app/media/{step}.step")["uid"] == 10123


def test_observation_and_drain_are_the_contracts(environment: Environment) -> None:
    """They are seen in a plan, which names what a rollout is going to do."""
    done = environment.playbook(
        "playbooks/deploy.yml",
        "--check",
        "--diff",
        "-e",
        "app=mirror",
        "-e",
        "version=2",
        "-e",
        "app_orphans_removed=false",
    )
    assert "exchange contract-mirror-web-1" in done.stdout, done.stdout[-3000:]
    assert "watch it for 1 s, drain and stop the old" in done.stdout
    assert "run contract-mirror-checks once" in done.stdout
    assert "run contract-mirror-release once" in done.stdout


def test_what_is_scheduled_runs(environment: Environment, until: Until, raw: str) -> None:
    until(lambda: "tick ended with status 0" in environment.log("mirror-schedule-1"), seconds=90, pause=1)
    assert environment.execute("mirror-web-1", "cat", "/srv/shared/tick") == raw


def test_a_singleton_holds_its_lease(environment: Environment, noted: Noted) -> None:
    assert "this container runs the singleton now" in environment.log("mirror-clock-1")
    assert noted("mirror-clock-1")["arguments"] == ["clock"]


@pytest.mark.parametrize("name", ["mirror-web-1", "mirror-worker-1", "mirror-clock-1", "elder-web-1"])
def test_every_process_is_as_hardened_as_any(inspected: Inspected, name: str) -> None:
    host = inspected[name]["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert inspected[name]["Config"]["User"] == ("10123:10124" if name.startswith("mirror") else "10100:10100")
