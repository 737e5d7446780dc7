"""What may break, how it is broken and mended, and what is measured while it is."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.environment import Environment, docker, start_playbook
from tests.faults import singleton
from tests.faults.lab import Lab, Server, runs
from tests.faults.load import APPLICATION, Load
from tests.faults.power import switched

DEPLOY = "playbooks/deploy.yml"


def nothing(lab: Lab, server: Server) -> None:
    """Whatever broke mends itself."""


def first(lab: Lab) -> Server:
    return lab.servers[0]


@dataclass(frozen=True)
class Fault:
    """Something that breaks on one server."""

    name: str
    choose: Callable[[Lab], Server]
    break_it: Callable[[Lab, Server], None]
    mend: Callable[[Lab, Server], None] = nothing
    #: Seconds for which it stays broken under load.
    lasts: float = 15
    #: What writes from the server itself are worth: its own clients go down with it, or are cut off with it.
    hit: bool = False
    #: Stores that may lose acknowledged writes here; docs say why.
    may_lose: frozenset[str] = frozenset()
    #: Whether the server is to be fenced. None: it would be, but nothing confirms that its power is off.
    fenced: bool | None = False


def kill_host(_lab: Lab, server: Server) -> None:
    server.power_off()


def start_host(_lab: Lab, server: Server) -> None:
    server.power_on()


def cut_off(lab: Lab, server: Server) -> None:
    server.cut_off(lab.others(server))


def rejoin(lab: Lab, server: Server) -> None:
    """A server that was fenced comes back without the rules that cut it off."""
    if runs(server):
        server.rejoin(lab.others(server))
    else:
        server.power_on()


def restart_engine(_lab: Lab, server: Server) -> None:
    server.run("systemctl", "restart", "docker")


def kill(service: str, pattern: str) -> Callable[[Lab, Server], None]:
    def do(_lab: Lab, server: Server) -> None:
        server.kill_process(service, pattern)

    return do


def stop(*services: str) -> Callable[[Lab, Server], None]:
    def do(lab: Lab, server: Server) -> None:
        server.run("docker", "kill", *(f"{lab.name}-{service}" for service in services))

    return do


def start(*services: str) -> Callable[[Lab, Server], None]:
    def do(lab: Lab, server: Server) -> None:
        server.run("docker", "start", *(f"{lab.name}-{service}" for service in services))

    return do


def everywhere(do: Callable[[Lab, Server], None]) -> Callable[[Lab, Server], None]:
    def all_of_them(lab: Lab, _server: Server) -> None:
        for server in lab.servers:
            do(lab, server)

    return all_of_them


def switch_over(store: str) -> Callable[[Lab, Server], None]:
    def do(lab: Lab, _server: Server) -> None:
        done = Environment.chosen().playbook("playbooks/switchover.yml", "-e", f"store={store}")
        if done.returncode:
            raise RuntimeError(done.stdout[-3000:])

    return do


def keep_busy(seconds: int) -> Callable[[Lab, Server], None]:
    """More work than the machine has processors, on every server."""

    def do(lab: Lab, _server: Server) -> None:
        for server in lab.servers:
            for _ in range(2):
                docker("exec", "--detach", server.container, "timeout", str(seconds), "sh", "-c", "while :; do :; done")

    return do


def run_site(*settings: str) -> Callable[[Lab, Server], None]:
    """A changed setting of every service is not broken at all, and must not look like it."""

    def do(_lab: Lab, _server: Server) -> None:
        Environment.chosen().converge(*(word for setting in settings for word in ("-e", setting)))

    return do


def killed_runs(times: int) -> Callable[[Lab, Server], None]:
    """The control process of a run that changes settings everywhere dies at a random moment; the last one lives."""

    def do(_lab: Lab, _server: Server) -> None:
        inventories = Environment.chosen().inventories
        for number in range(times):
            settings = {
                "router_maxconn": 2001 + number,
                "redis_maxclients": 1001 + number,
                "etcd_memory": f"{200 + number}m",
            }
            options = [word for key, value in settings.items() for word in ("-e", f"{key}={value}")]
            process = start_playbook(inventories, "site.yml", *options)
            seconds = random.uniform(5, 90)  # noqa: S311 nothing secret
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=seconds)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            print(f"    killed after {seconds:.0f} s", flush=True)
        run_site()(_lab, _server)

    return do


def versions(servers: Sequence[Server]) -> set[str]:
    return {version for server in servers for version in server.versions(APPLICATION)}


def next_version() -> str:
    return f"9.{time.time():.0f}"


def deploy(lab: Lab, _server: Server) -> None:
    """Every replica on every server is exchanged."""
    version = next_version()
    done = Environment.chosen().playbook(DEPLOY, "-e", f"app={APPLICATION}", "-e", f"version={version}")
    if done.returncode or versions(lab.servers) != {version}:
        raise RuntimeError(done.stdout[-3000:])


def deploy_other(change: Callable[[dict[str, Any]], object]) -> subprocess.CompletedProcess[str]:
    """Deploy the application with another contract, as a new version."""
    environment = Environment.chosen()
    applications = copy.deepcopy(environment.applications)
    applications[APPLICATION]["version"] = next_version()
    change(applications[APPLICATION]["processes"])
    given = json.dumps({"slipway_applications": applications})
    return environment.playbook(DEPLOY, "-e", f"app={APPLICATION}", "-e", given)


def deploy_bad(lab: Lab, _server: Server) -> None:
    """A version that ends at its start: the one before stays everywhere."""
    before = versions(lab.servers)
    done = deploy_other(lambda processes: processes["web"].update(command=["sh", "-c", "echo out of paper; exit 3"]))
    if not done.returncode or "out of paper" not in done.stdout or versions(lab.servers) != before:
        raise RuntimeError(done.stdout[-3000:])


def vanish_during_deploy(lab: Lab, server: Server) -> None:
    """The last server loses power while its replicas are exchanged: what the others exchanged goes back."""
    environment = Environment.chosen()
    others = lab.others(server)
    before = versions(others)
    version = next_version()
    options = ("-e", f"app={APPLICATION}", "-e", f"version={version}")
    with start_playbook(environment.inventories, DEPLOY, *options) as process:
        while process.poll() is None and version not in server.versions(APPLICATION):
            time.sleep(0.2)
        server.power_off()
        said, _ = process.communicate()
    if not process.returncode or f"on {server.name} failed" not in said or versions(others) != before:
        raise RuntimeError(said[-3000:])


def with_singleton(lab: Lab) -> Server:
    """The application has a singleton, and runs it here; Postgres is led elsewhere."""
    singleton.forget(lab)
    done = deploy_other(lambda processes: processes.update(clock=singleton.PROCESS))
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
    server = singleton.holder(lab)
    if lab.leader() == server:
        switch_over("postgres")(lab, server)
        lab.wait_until_well()
    return server


def start_without_singleton(lab: Lab, server: Server) -> None:
    server.power_on()
    lab.wait_until_well()
    try:
        for before, after, seconds in singleton.moves(lab):
            print(f"    the singleton went from {before} to {after}: nobody ran it for {seconds:.1f} s", flush=True)
        if singleton.holder(lab) == server:
            raise RuntimeError(f"the singleton is on {server.name} again, or still")
    finally:
        run_site()(lab, server)
        singleton.forget(lab)


def start_and_converge(lab: Lab, server: Server) -> None:
    server.power_on()
    lab.wait_until_well()
    run_site()(lab, server)


def last(lab: Lab) -> Server:
    """Of those that do not lead Postgres, so that it is about the deploy alone."""
    return next(server for server in reversed(lab.servers) if server != lab.leader())


LOSES = frozenset({"redis"})
HOST_LOST: dict[str, Any] = {"lasts": 45, "hit": True, "may_lose": LOSES, "fenced": None}
FENCED: dict[str, Any] = {**HOST_LOST, "lasts": 20, "fenced": True}
FAULTS = (
    Fault("postgres: SIGKILL of the leader", Lab.leader, kill("postgres", "postgres -D")),
    Fault("postgres: SIGKILL of the leader's container", Lab.leader, kill("postgres", "patroni")),
    Fault("postgres: planned switchover", Lab.leader, switch_over("postgres"), lasts=5),
    Fault("postgres: the leader's host loses power", Lab.leader, kill_host, start_host, **HOST_LOST),
    Fault("postgres: the leader's host is cut off", Lab.leader, cut_off, rejoin, **HOST_LOST),
    Fault("postgres: the leader's host loses power, with fencing", Lab.leader, kill_host, start_host, **FENCED),
    Fault("postgres: the leader's host is cut off, with fencing", Lab.leader, cut_off, rejoin, **FENCED),
    Fault("postgres: the engine of the leader's host restarts", Lab.leader, restart_engine, lasts=30, may_lose=LOSES),
    Fault("redis: SIGKILL of the master", Lab.master, kill("redis-devicehub-channels", "redis-server"), may_lose=LOSES),
    Fault("redis: planned switchover", Lab.master, switch_over("redis"), lasts=5),
    Fault("redis: the master's host loses power", Lab.master, kill_host, start_host, **HOST_LOST),
    Fault("redis: the master's host is cut off", Lab.master, cut_off, rejoin, **HOST_LOST),
    Fault("one Sentinel gone", first, stop("sentinel"), start("sentinel")),
    Fault("one etcd member gone", first, stop("etcd"), start("etcd")),
    Fault("all of etcd gone", first, everywhere(stop("etcd")), everywhere(start("etcd")), lasts=40),
    Fault("one router gone", first, stop("router-devicehub"), start("router-devicehub"), hit=True),
    Fault("one router crashes", first, kill("router-devicehub", "haproxy")),
    Fault("a busy machine for five minutes", first, keep_busy(300), lasts=300),
    Fault("nginx crashes", first, kill("nginx", "nginx: master")),
    Fault(
        "every replica of one host gone",
        first,
        stop("devicehub-web-1", "devicehub-web-2"),
        start("devicehub-web-1", "devicehub-web-2"),
        hit=True,
    ),
    Fault(
        "a changed setting: nginx, router, pgbouncer",
        first,
        run_site("nginx_connections=4097", "router_maxconn=2001", "pgbouncer_max_clients=501"),
        lasts=5,
    ),
    Fault("a deploy", first, deploy, lasts=2),
    Fault("a deploy of a version that does not start", first, deploy_bad, lasts=2),
    Fault(
        "a server vanishes during a deploy",
        last,
        vanish_during_deploy,
        start_and_converge,
        lasts=5,
        hit=True,
        may_lose=LOSES,
    ),
    Fault("the host of a singleton loses power", with_singleton, kill_host, start_without_singleton, **HOST_LOST),
    Fault("ten runs that change settings are killed", first, killed_runs(10), lasts=5),
    Fault(
        "a changed setting: Redis, Postgres, etcd",
        first,
        run_site("redis_maxclients=1001", "postgres_memory=520m", "etcd_memory=200m"),
        lasts=5,
    ),
)


@dataclass
class Outcome:
    """What a fault did, as others than those who were hit themselves saw it."""

    fault: str
    server: str
    #: Seconds until writes or requests succeeded again, by store.
    gap: dict[str, float] = field(default_factory=dict)
    #: How many failed, of how many.
    failed: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: Acknowledged writes that were not there afterwards.
    lost: dict[str, int] = field(default_factory=dict)
    problems: dict[str, dict[str, int]] = field(default_factory=dict)
    #: Stores whose leader was another one afterwards.
    moved: list[str] = field(default_factory=list)
    #: Seconds until all was well again, once it was mended.
    well_after: float = 0
    #: Servers that were powered off by whoever thought that they were lost.
    fenced: list[str] = field(default_factory=list)
    #: Whether that is what should have been done.
    fenced_rightly: bool = True

    def line(self) -> str:
        stores = "  ".join(
            f"{store} {self.gap[store]:5.1f} s {self.failed[store][0]:4d}/{self.failed[store][1]:<5d}"
            + (f" lost {self.lost[store]}" if store in self.lost else "")
            for store in ("postgres", "redis", "http")
        )
        return f"{self.fault:45s} {self.server:6s} {stores}  well after {self.well_after:.0f} s" + (
            (f"  moved: {', '.join(self.moved)}" if self.moved else "")
            + (f"  fenced: {', '.join(self.fenced)}" if self.fenced else "")
        )


def suffer(lab: Lab, fault: Fault, domain: str, ca: Path, before: float = 3, after: float = 6) -> Outcome:
    """Break it under load, mend it, wait until all is well, and count."""
    lab.wait_until_well()
    server = fault.choose(lab)
    leads = {"postgres": lab.leader(), "redis": lab.master()}
    mended = False
    try:
        with switched(lab, works=fault.fenced is not None) as fenced, Load(lab, domain, ca) as load:
            time.sleep(before)
            since = time.time()
            fault.break_it(lab, server)
            time.sleep(fault.lasts)
            began = time.monotonic()
            fault.mend(lab, server)
            mended = True
            time.sleep(after)
    finally:
        if not mended:
            fault.mend(lab, server)
    lab.wait_until_well()
    outcome = Outcome(fault.name, server.name, well_after=time.monotonic() - began, fenced=fenced)
    outcome.fenced_rightly = fenced == ([server.name] if fault.fenced else [])
    outcome.moved = [
        store for store, now in (("postgres", lab.leader()), ("redis", lab.master())) if leads[store] != now
    ]
    without = {server.name} if fault.hit else set[str]()
    for store in ("postgres", "redis", "http"):
        outcome.gap[store] = load.gap(store, since, without)
        outcome.failed[store] = load.failed(store, without)
        outcome.problems[store] = load.said(store)
    outcome.lost = {store: len(entries) for store, entries in load.lost().items()}
    return outcome
