"""Ten replicas that start at once on an empty database, all told to migrate: every migration runs once, all ten serve.

The environment is one of its own, `ten`, which these tests make and destroy. That it is new serves a second question:
what does Ansible say, at its most talkative, while it makes secrets up and hands them round?
"""

from __future__ import annotations

import json
import os
import re
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.environment import LOCAL, Environment, docker
from tests.infra.needles import Needles

OVERLAY = Path(__file__).with_name("inventories") / "ten"


@pytest.fixture(scope="module")
def ten() -> Iterator[Environment]:
    described = Environment.describe([LOCAL, OVERLAY])
    described.destroy()  # what an interrupted run may have left
    yield described
    done = described.destroy()
    assert done.returncode == 0, done.stdout
    assert described.containers() == {}
    for kind in ("network", "volume"):
        assert docker(kind, "ls", "--quiet", "--filter", f"name=^{described.name}-") == ""
    assert not described.state_dir.exists()
    assert not described.control_dir.exists()


@contextmanager
def watched_arguments() -> Iterator[set[str]]:
    """The arguments of every process of this machine that lives long enough to be seen."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # it ended in between
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


@dataclass(frozen=True)
class Run:
    began: float
    output: str
    arguments: str


def since(path: Path, began: float) -> bool:
    """Whether it is a plain file, not a large one, that was written since then."""
    with suppress(OSError):  # it went in between
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_mtime >= began and found.st_size < 4 << 20
    return False


@pytest.fixture(scope="module")
def first_run(ten: Environment) -> Run:
    began = time.time()
    with watched_arguments() as seen:
        done = ten.playbook("site.yml", "--diff", "-vvv")
    assert done.returncode == 0, done.stdout[-6000:]
    return Run(began, done.stdout, "\n".join(seen))


@pytest.fixture(scope="module")
def replicas(ten: Environment, first_run: Run) -> list[str]:
    return ten.replicas("devicehub", "web")


def test_all_ten_are_healthy(ten: Environment, replicas: list[str], until: Callable[..., Any]) -> None:
    assert len(replicas) == 10
    # The run asked each itself; the engine's own look comes with the next interval.
    until(lambda: {ten.containers()[name]["State"]["Health"]["Status"] for name in replicas} == {"healthy"})
    assert {name: ten.containers()[name]["RestartCount"] for name in replicas} == dict.fromkeys(replicas, 0)


def test_one_replica_migrates(ten: Environment, replicas: list[str]) -> None:
    said: Counter[str] = Counter()
    for name in replicas:
        messages = {json.loads(line).get("message") for line in ten.log(name).splitlines() if line.startswith("{")}
        said.update(messages & {"migrating", "no migration is pending"})
    assert said == {"migrating": 1, "no migration is pending": 9}


def test_each_migration_ran_once(ten: Environment, replicas: list[str]) -> None:
    answer = ten.execute(
        "postgres", "psql", "-X", "-A", "-t", "-h", "/run/postgresql", "-U", "postgres", "-d", "devicehub", "-c",
        "SELECT app || '.' || name, count(*) FROM django_migrations GROUP BY 1",
    )  # fmt: skip
    counts = dict(line.split("|") for line in answer.splitlines())
    assert "hub.0001_initial" in counts
    assert set(counts.values()) == {"1"}


def test_each_table_was_made_once(ten: Environment, replicas: list[str]) -> None:
    """Told by Postgres' own log, which has every statement that changes the schema."""
    made = Counter(re.findall(r'CREATE TABLE \\"(\w+)\\"', ten.log("postgres")))
    assert {"hub_device", "hub_message", "django_migrations", "auth_user"} <= set(made)
    assert set(made.values()) == {1}


def test_the_run_that_makes_secrets_shows_none(ten: Environment, first_run: Run) -> None:
    made = Needles(ten.control_dir)
    assert made.short == []
    found = made.found_in(first_run.output)
    assert found == []


def test_no_process_of_that_run_has_one_in_its_arguments(ten: Environment, first_run: Run) -> None:
    assert "site.yml" in first_run.arguments
    found = Needles(ten.control_dir).found_in(first_run.arguments)
    assert found == []


def test_that_run_leaves_none_in_temporary_files(ten: Environment, first_run: Run) -> None:
    made = Needles(ten.control_dir)
    directories = [Path.home() / ".ansible", Path("/tmp"), ten.state_dir / "staging", ten.state_dir / "build"]
    # os.walk takes it when a directory goes while it looks.
    names = [Path(root, name) for directory in directories for root, _, files in os.walk(directory) for name in files]
    written = [path for path in names if since(path, first_run.began)]
    found = {str(path): made.found_in(path.read_text(errors="replace")) for path in written}
    assert {path: names for path, names in found.items() if names} == {}
