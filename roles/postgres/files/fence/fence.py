#!/usr/bin/env python3
"""Watch the host of the member that leads; where it is lost, have it powered off and let Patroni elect at once.

Runs beside every member. ``fence.json`` beside this file says who the members are. Nobody acts alone: a member writes
its suspicion into etcd, and when a majority of all members suspects the same leader, one of them runs ``script`` beside
this file. Only where that says that the host is off is the leader's key deleted, and only if it is still the very
key that was seen before. Whatever else happens, Patroni's own ttl decides, as it does without any of this.

``--check`` tells whether its files will do.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from gateway import Etcd, deleted, found, put, ranged, unchanged
from life import Listener

HERE = Path(__file__).parent
SECRETS = Path("/run/secrets")
#: Touched whenever etcd could be read; the healthcheck looks at its age.
ALIVE = Path("/run/fence/alive")
#: Seconds between two looks at etcd, while all is well and while it is not.
CALM, ALERT = 1.0, 0.2
#: Seconds for which a suspicion holds, and after which it is renewed.
SUSPICION, RENEWAL = 5, 2
#: Times that a confirmed loss is told to etcd, where it does not answer.
INSISTENCE = 10
KEYS = "/slipway-fence/"


def say(level: str, message: str, **more: object) -> None:
    """One JSON line on stdout."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"timestamp": now, "level": level, "logger": "slipway.fence", "message": message, **more}
    print(json.dumps(line), flush=True)


@dataclass(frozen=True)
class Settings:
    #: This member, and all of them: name to host and address.
    member: str
    members: dict[str, dict[str, str]]
    #: Where Patroni keeps its keys, and who holds them, the nearest first.
    prefix: str
    etcd: list[str]
    #: Seconds of silence after which a host is suspected; that the script may take; in which nothing is fenced again.
    silence: float
    timeout: float
    pause: int

    @property
    def majority(self) -> int:
        return len(self.members) // 2 + 1

    @classmethod
    def read(cls) -> Settings:
        return cls(**json.loads((HERE / "fence.json").read_text()))


@dataclass(frozen=True)
class Seen:
    """The cluster, as etcd tells it with a majority of its own."""

    #: Who leads, and since which revision; no name where nobody does.
    leader: str = ""
    term: int = 0
    #: Patroni was told to leave everything alone.
    paused: bool = False
    #: Revision of that order, or of its absence.
    config: int = 0
    #: Members that suspect this leader in this term.
    suspects: frozenset[str] = frozenset()
    #: Somebody fenced, or tried to, not long ago.
    tried: bool = False


class Action(Enum):
    WATCH = "watch"
    SUSPECT = "suspect"
    FENCE = "fence"


def decide(seen: Seen, silent: float, settings: Settings) -> Action:
    """What to do about a leader that has been silent for so many seconds."""
    others = settings.members.keys() - {settings.member}
    if seen.leader not in others or seen.paused or seen.tried or silent < settings.silence:
        return Action.WATCH
    agreed: Collection[str] = seen.suspects & (settings.members.keys() - {seen.leader})
    if settings.member in agreed and len(agreed) >= settings.majority:
        return Action.FENCE
    return Action.SUSPECT


class Watch:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        context = ssl.create_default_context(cafile=str(SECRETS / "ca.crt"))
        context.load_cert_chain(SECRETS / "patroni.crt", SECRETS / "patroni.key")
        self.etcd = Etcd(settings.etcd, context)
        self.listener = Listener(context)
        self.seen = Seen()
        #: The key that says whom this member suspects, as long as it does.
        self.suspicion = ""
        self.renewed = 0.0
        self.reading = True

    def key(self, name: str) -> str:
        return f"{self.settings.prefix}{name}"

    def look(self, *first: dict[str, Any]) -> Action:
        """Read what matters in one go, after doing what is given; listen to who leads; say what follows."""
        before = self.seen
        about = f"{KEYS}suspects/{before.term}/"
        asked = [
            ranged(self.key("leader")),
            ranged(self.key("config")),
            ranged(about, about[:-1] + "0"),
            ranged(f"{KEYS}tried"),
        ]
        answers = self.etcd.transact([*first, *asked]) or []
        leader, config, suspects, tried = (found(answer) for answer in answers[len(first) :])
        term = leader[0]["revision"] if leader else 0
        known = suspects if term == before.term else []
        self.seen = Seen(
            leader=leader[0]["value"] if leader else "",
            term=term,
            paused=bool(config and json.loads(config[0]["value"]).get("pause")),
            config=config[0]["revision"] if config else 0,
            suspects=frozenset(entry["key"].removeprefix(about) for entry in known),
            tried=bool(tried),
        )
        if self.seen.leader != before.leader:
            say("info", "watch who leads", leader=self.seen.leader)
        others = {**self.settings.members, self.settings.member: {}}
        self.listener.listen_to(self.seen.leader, others.get(self.seen.leader, {}).get("address", ""))
        return decide(self.seen, self.listener.silent, self.settings)

    def turn(self) -> None:
        """Look, and do what follows. Nothing is written before something could be read: etcd has a leader then."""
        if self.look() is Action.WATCH:
            if self.suspicion:
                self.etcd.transact([deleted(self.suspicion)])
                self.suspicion = ""
                say("info", "suspect nobody any more")
            return
        mine = f"{KEYS}suspects/{self.seen.term}/{self.settings.member}"
        written = []
        if mine != self.suspicion or time.monotonic() > self.renewed + RENEWAL:
            written.append(put(mine, "", lease=self.etcd.lease(SUSPICION)))
            self.renewed = time.monotonic()
        if not self.suspicion:
            say("warning", "suspect who leads", leader=self.seen.leader, silent=self.listener.silent)
        self.suspicion = mine
        if self.look(*written) is Action.FENCE:
            self.fence(self.seen)

    def fence(self, seen: Seen) -> None:
        """Whoever writes the key first acts. It stays for the pause, so that nobody acts again before."""
        host = self.settings.members[seen.leader]
        note = {"by": self.settings.member, "leader": seen.leader, "host": host["host"]}
        same = [unchanged(self.key("leader"), seen.term), unchanged(self.key("config"), seen.config)]
        mark = put(f"{KEYS}tried", json.dumps(note), lease=self.etcd.lease(self.settings.pause))
        if self.etcd.transact([mark], [*same, unchanged(f"{KEYS}tried", 0)]) is None:
            return
        say("warning", "a majority suspects it: fence", **note, suspects=sorted(seen.suspects))
        began = time.monotonic()
        problem = run_script(host, self.settings.timeout)
        seconds = round(time.monotonic() - began, 1)
        if problem:
            say("error", "not confirmed: Patroni's ttl decides", **note, seconds=seconds, problem=problem)
            return
        for _ in range(INSISTENCE):
            with contextlib.suppress(OSError):
                freed = self.free(seen, same)
                break
            time.sleep(ALERT)
        else:
            say("error", "the host is off, and etcd does not answer: Patroni's ttl decides", **note, seconds=seconds)
            return
        said = "the host is off: let Patroni elect" if freed else "the host is off, and it did not lead any more"
        say("warning", said, **note, seconds=seconds)

    def free(self, seen: Seen, same: list[dict[str, Any]]) -> bool:
        """Delete the leader's key; take away where its interface was, which every elector would wait for otherwise."""
        member = self.key(f"members/{seen.leader}")
        do = [deleted(self.key("leader"))]
        for entry in found((self.etcd.transact([ranged(member)]) or [{}])[0]):
            value = {**json.loads(entry["value"]), "state": "stopped"}
            value.pop("api_url", None)
            do.append(put(member, json.dumps(value), lease=entry["lease"]))
        return self.etcd.transact(do, same) is not None

    def run(self) -> None:
        self.listener.start()
        say("info", "at work", members=sorted(self.settings.members))
        # Without it what was heard last would stand for ever.
        while self.listener.is_alive():
            try:
                self.turn()
                ALIVE.touch()
                if not self.reading:
                    say("info", "etcd answers again")
                self.reading = True
            except OSError as error:
                if self.reading:
                    say("warning", "etcd does not answer, so nothing is decided here", problem=str(error))
                self.reading = False
            time.sleep(ALERT if self.listener.silent else CALM)
        sys.exit("nobody listens any more")


def run_script(host: dict[str, str], timeout: float) -> str:
    """What speaks against the host being off; empty where it was confirmed."""
    secret = SECRETS / "fence"
    try:
        process = subprocess.Popen(
            [str(HERE / "script"), host["host"], host["address"]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        said, _ = process.communicate(timeout=timeout)
    except OSError as error:
        return str(error)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"the script took longer than {timeout:g} s"
    if process.returncode == 0:
        return ""
    text = said.decode(errors="replace").strip()
    if secret.exists():
        text = text.replace(secret.read_text().strip() or "\0", "[secret]")
    return f"the script ended with {process.returncode}: {text.splitlines()[-1] if text else 'it said nothing'}"


def check() -> None:
    """What would otherwise come up when it is too late."""
    Settings.read()
    first = (HERE / "script").read_text().splitlines()[0]
    words = first.removeprefix("#!").split()
    program = words[1] if len(words) > 1 and Path(words[0]).name == "env" else words[0]
    if not first.startswith("#!") or not shutil.which(program):
        sys.exit(f"the script begins with {first!r}, and there is no such program in this image")


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        Watch(Settings.read()).run()


if __name__ == "__main__":
    main()
