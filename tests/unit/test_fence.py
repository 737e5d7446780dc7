"""When the leader's host is fenced, and when not; what counts as a sign of life; what counts as confirmed."""

from __future__ import annotations

import importlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "roles/postgres/files/fence"
FIVE = "abcde"


@pytest.fixture
def fence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program, with files of its own."""
    monkeypatch.syspath_prepend(str(SOURCE))
    module = importlib.import_module("fence")
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "SECRETS", tmp_path)
    monkeypatch.setenv("FENCE_SECRET_FILE", str(tmp_path / "fence"))
    return module


@pytest.fixture
def life(fence: Any) -> Any:
    return importlib.import_module("life")


def settings(fence: Any, member: str = "b", members: str = "abc") -> Any:
    described = {name: {"host": f"host-{name}", "address": "10.0.0.1"} for name in members}
    return fence.Settings(member, described, "/service/test/", ["etcd-b"], silence=2, timeout=10, pause=300)


def decided(fence: Any, silent: float = 2, member: str = "b", members: str = "abc", **seen: Any) -> str:
    whole = fence.Seen(**{"leader": "a", "term": 7, **seen})
    return str(fence.decide(whole, silent, settings(fence, member, members)).value)


def test_silence_is_a_suspicion_and_a_majority_of_them_is_acted_upon(fence: Any) -> None:
    assert decided(fence) == "suspect"
    assert decided(fence, suspects=frozenset("b")) == "suspect"
    assert decided(fence, suspects=frozenset("bc")) == "fence"


@pytest.mark.parametrize(("suspects", "action"), [("bc", "suspect"), ("bcd", "fence"), ("bcde", "fence")])
def test_of_five_members_three_have_to_agree(fence: Any, suspects: str, action: str) -> None:
    assert decided(fence, members=FIVE, suspects=frozenset(suspects)) == action


@pytest.mark.parametrize(
    "seen",
    [
        {"silent": 1.5},
        {"paused": True},
        {"tried": True},
        {"leader": ""},
        {"leader": "b"},
        {"leader": "somebody-else"},
    ],
    ids=["it was heard of", "maintenance", "just fenced", "nobody leads", "leads itself", "no member"],
)
def test_nothing_is_done(fence: Any, seen: dict[str, Any]) -> None:
    assert decided(fence, suspects=frozenset("bc"), **seen) == "watch"


def test_whoever_hears_the_leader_or_is_alone_with_it_does_not_act(fence: Any) -> None:
    assert decided(fence, suspects=frozenset("c")) == "suspect"
    assert decided(fence, suspects=frozenset("ab")) == "suspect", "the leader itself is asked last"
    assert decided(fence, suspects=frozenset("bx")) == "suspect", "a member that is not stated any more"
    assert decided(fence, members="ab", suspects=frozenset("b")) == "suspect", "of two nobody is a majority"


class Doors:
    """Ports of this machine that welcome, refuse, or say nothing at all."""

    def __init__(self, held: ExitStack) -> None:
        self._held = held

    def welcoming(self) -> int:
        return int(self._held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1])

    def refusing(self) -> int:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            return int(closed.getsockname()[1])

    def silent(self) -> int:
        """The queue before it is full, and the kernel drops who comes."""
        server = self._held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = self._held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        return int(server.getsockname()[1])


@pytest.fixture
def doors() -> Iterator[Doors]:
    with ExitStack() as held:
        yield Doors(held)


@pytest.mark.parametrize(
    ("patroni", "postgres", "alive"),
    [
        ("welcoming", "silent", True),
        ("refusing", "silent", True),
        ("silent", "welcoming", True),
        ("silent", "refusing", True),
        ("silent", "silent", False),
    ],
)
def test_a_refusal_at_either_door_is_a_sign_of_life(
    life: Any, doors: Doors, monkeypatch: pytest.MonkeyPatch, patroni: str, postgres: str, alive: bool
) -> None:
    monkeypatch.setattr(life, "PATRONI", getattr(doors, patroni)())
    monkeypatch.setattr(life, "POSTGRES", getattr(doors, postgres)())
    assert life.lives("127.0.0.1") is alive


def test_a_watch_without_a_processor_still_sees_the_answer_that_is_there(
    life: Any, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "PATRONI", doors.welcoming())
    monkeypatch.setattr(life, "PROBE", -1)
    monkeypatch.setattr(life, "FIRST", -1)
    assert life.lives("127.0.0.1")


def test_time_without_a_probe_is_no_silence_nor_is_a_host_that_never_answered(life: Any) -> None:
    listener = life.Listener(ssl.create_default_context())
    listener.listen_to("a", "10.0.0.1")
    listener._host.failed = 9
    assert listener.silent == 0
    listener._host.heard = True
    assert listener.silent == 9 * life.PROBE
    listener.listen_to("a", "10.0.0.1")
    assert listener.silent == 9 * life.PROBE
    listener.listen_to("b", "10.0.0.2")
    assert listener.silent == 0


def script(directory: Path, text: str) -> None:
    path = directory / "script"
    path.write_text(text)
    path.chmod(0o755)


def ran(fence: Any, text: str, timeout: float = 5) -> str:
    script(fence.HERE, text)
    return str(fence.run_script({"host": "db1", "address": "10.0.0.1"}, timeout))


def test_only_exit_0_is_a_confirmation(fence: Any) -> None:
    asked = 'test "$1 $2 $(cat "$FENCE_SECRET_FILE")" = "db1 10.0.0.1 word"'
    (fence.SECRETS / "fence").write_text("word")
    assert ran(fence, f"#!/bin/sh\n{asked}\n") == ""
    assert ran(fence, "#!/bin/sh\necho no answer with word >&2\nexit 3\n") == (
        "the script ended with 3: no answer with [secret]"
    )
    assert ran(fence, "#!/nowhere/sh\n").startswith("[Errno 2]")


def test_a_script_that_hangs_ends_with_all_that_it_started(fence: Any, tmp_path: Path) -> None:
    began = tmp_path / "began"
    said = ran(fence, f"#!/bin/sh\n(sleep 4; touch {tmp_path}/late) &\necho > {began}\nsleep 60\n", timeout=1)
    assert said == "the script took longer than 1 s"
    assert began.exists()
    subprocess.run(["sleep", "4"], check=True)
    assert not (tmp_path / "late").exists()


@pytest.mark.parametrize(
    ("first", "problem"),
    [
        ("#!/bin/sh", ""),
        ("#!/usr/bin/env python3", ""),
        ("#!/usr/bin/env no-such-program", "the script begins with '#!/usr/bin/env no-such-program'"),
        ("echo", "the script begins with 'echo'"),
    ],
)
def test_an_interpreter_that_is_not_there_is_refused_beforehand(tmp_path: Path, first: str, problem: str) -> None:
    shutil.copytree(SOURCE, tmp_path, dirs_exist_ok=True)
    described = {"member": "a", "members": {}, "prefix": "", "etcd": [], "silence": 2, "timeout": 10, "pause": 300}
    (tmp_path / "fence.json").write_text(json.dumps(described))
    script(tmp_path, f"{first}\n")
    done = subprocess.run(
        [sys.executable, tmp_path / "fence.py", "--check"], capture_output=True, text=True, check=False
    )
    assert problem in done.stderr
    assert (done.returncode == 0) is (problem == "")
