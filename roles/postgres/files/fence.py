#!/usr/bin/env python3
"""Watch the host of the member that leads; where it is lost, have it powered off and let Patroni elect at once.

Runs beside every member. ``fence.json`` beside this file says who the members are. Nobody acts alone: a member writes
its suspicion into etcd, and when a majority of all members suspects the same leader, one of them runs ``script`` beside
this file. Only where that says that the host is off is the leader's key deleted, and only if it is still the very
key that was seen before. Whatever else happens, Patroni's own ttl decides, as it does without any of this.

``--healthy`` tells whether it is at work, ``--check`` whether its files will do.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import http.client
import json
import os
import selectors
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SECRETS = Path("/run/secrets")
ALIVE = Path("/run/fence/alive")
#: Seconds after which a watch that could not read etcd is not at work.
STALE = 30
#: Where Patroni answers, and where Postgres does.
PATRONI, POSTGRES = 8008, 5432
#: Seconds that one probe waits for a sign of life; between two of them; after which every door is tried.
PROBE, REST, IMPATIENT = 0.5, 0.5, 0.2
#: Seconds between two looks at etcd, while all is well and while it is not.
CALM, ALERT = 1.0, 0.1
#: Seconds for which a suspicion holds without being renewed.
SUSPICION = 5
#: Seconds that etcd may take to be reached, and to answer: members elect before they do.
REACHED, ANSWER = 1.0, 3.0
KEYS = "/slipway-fence/"


def say(level: str, message: str, **more: object) -> None:
    """One JSON line on stdout."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"timestamp": now, "level": level, "logger": "slipway.fence", "message": message, **more}
    print(json.dumps(line), flush=True)


##### What is decided, and by what


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


##### Whether a host gives any sign of life


def knock(address: str, doors: Collection[int]) -> Iterator[socket.socket]:
    """Begin to connect, without waiting."""
    for door in doors:
        knocking = socket.socket()
        knocking.setblocking(False)
        knocking.connect_ex((address, door))
        yield knocking


def answered(knocking: socket.socket) -> bool:
    """A refusal is a sign of life as good as a welcome: there is a kernel that sent it."""
    return knocking.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (0, errno.ECONNREFUSED, errno.ECONNRESET)


def lives(address: str, name: str = "", context: ssl.SSLContext | None = None) -> bool:
    """Whether anything comes back from a host within PROBE seconds; never sooner than that where nothing does.

    Patroni's door is enough as a rule. The queue before it is short, and overflows when its process does not get on;
    Postgres's is tried as well before a host counts as silent.
    """
    ends = time.monotonic() + PROBE
    with contextlib.ExitStack() as held, selectors.DefaultSelector() as selector:
        for doors, patience in (((PATRONI,), IMPATIENT), ((POSTGRES,), PROBE)):
            for knocking in knock(address, doors):
                selector.register(held.enter_context(knocking), selectors.EVENT_WRITE)
            until = min(ends, time.monotonic() + patience)
            while selector.get_map() and (left := until - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    selector.unregister(key.fileobj)
                    if isinstance(key.fileobj, socket.socket) and answered(key.fileobj):
                        if doors == (PATRONI,) and context:
                            leave(key.fileobj, name, context)
                        return True
        time.sleep(max(0, ends - time.monotonic()))
    return False


def leave(connected: socket.socket, name: str, context: ssl.SSLContext) -> None:
    """Patroni logs whoever goes without a word. What it says, and whether it is Patroni, is not what was asked."""
    with contextlib.suppress(OSError):
        connected.settimeout(PROBE)
        with context.wrap_socket(connected, server_hostname=name) as secured:
            secured.sendall(b"OPTIONS /liveness HTTP/1.0\r\n\r\n")
            secured.recv(1)


@dataclass
class Host:
    """What was heard of the host of a member that is listened to."""

    name: str = ""
    address: str = ""
    heard: bool = False
    failed: int = 0


class Listener(threading.Thread):
    """Probes one host for as long as it is asked to."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(daemon=True)
        self._context = context
        self._host = Host()

    def listen_to(self, name: str, address: str) -> None:
        if (name, address) != (self._host.name, self._host.address):
            self._host = Host(name, address)

    @property
    def silent(self) -> float:
        """Seconds of probes without an answer. A host that never answered counts as one that must not be asked."""
        host = self._host
        return host.failed * PROBE if host.heard else 0.0

    def run(self) -> None:
        while True:
            host = self._host
            if host.address and not lives(host.address, host.name, self._context):
                host.failed += 1
                continue
            host.heard, host.failed = True, 0
            time.sleep(REST)


##### What etcd knows


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def ranged(key: str, end: str = "") -> dict[str, Any]:
    return {"request_range": {"key": encoded(key), **({"range_end": encoded(end)} if end else {})}}


def put(key: str, value: str, **options: object) -> dict[str, Any]:
    return {"request_put": {"key": encoded(key), "value": encoded(value), **options}}


def deleted(key: str) -> dict[str, Any]:
    return {"request_delete_range": {"key": encoded(key)}}


def unchanged(key: str, revision: int) -> dict[str, Any]:
    """A condition; revision 0 is that of a key that is not there."""
    return {"key": encoded(key), "target": "MOD", "result": "EQUAL", "mod_revision": str(revision)}


class Etcd:
    """The JSON gateway of whichever member answers. Every answer has the consent of a majority, or it is an error."""

    def __init__(self, members: list[str], context: ssl.SSLContext) -> None:
        self._members = members
        self._context = context
        self._excused = False
        self._connection: http.client.HTTPSConnection | None = None

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            if not self._connection:
                self._connection = http.client.HTTPSConnection(
                    self._members[0], 2379, timeout=REACHED, context=self._context
                )
                self._connection.connect()
                self._connection.sock.settimeout(ANSWER)
            self._connection.request("POST", f"/v3/{path}", json.dumps(body))
            response = self._connection.getresponse()
            text = response.read()
            answer: dict[str, Any] = json.loads(text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._go_on()
            raise OSError(str(error) or type(error).__name__) from error
        if response.status != HTTPStatus.OK:
            # Whoever answers at all may have a better answer in a moment: members elect.
            if self._excused:
                self._go_on()
            self._excused = not self._excused
            raise OSError(f"{self._members[0]}: {answer.get('message')}")
        self._excused = False
        return answer

    def _go_on(self) -> None:
        """To the next member."""
        if self._connection:
            self._connection.close()
        self._connection = None
        self._members = [*self._members[1:], self._members[0]]

    def lease(self, seconds: int) -> str:
        return str(self._ask("lease/grant", {"TTL": str(seconds)})["ID"])

    def transact(self, do: list[dict[str, Any]], where: list[dict[str, Any]] | None = None) -> list[Any] | None:
        """The answers, or None where a condition did not hold."""
        answer = self._ask("kv/txn", {"compare": where or [], "success": do})
        return answer.get("responses", []) if answer.get("succeeded") else None


def found(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Keys out of the answer to a range, with what they hold."""
    entries = response.get("response_range", {}).get("kvs", [])
    return [
        {
            "key": base64.b64decode(entry["key"]).decode(),
            "value": base64.b64decode(entry.get("value", "")).decode(),
            "revision": int(entry["mod_revision"]),
            "lease": str(entry.get("lease", "0")),
        }
        for entry in entries
    ]


##### The watch itself


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
        if not self.suspicion:
            say("warning", "suspect who leads", leader=self.seen.leader, silent=self.listener.silent)
        self.suspicion = f"{KEYS}suspects/{self.seen.term}/{self.settings.member}"
        if self.look(put(self.suspicion, "", lease=self.etcd.lease(SUSPICION))) is Action.FENCE:
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
        freed = self.free(seen, same)
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
        while True:
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


def run_script(host: dict[str, str], timeout: float) -> str:
    """What speaks against the host being off; empty where it was confirmed."""
    secret = SECRETS / "fence"
    try:
        process = subprocess.Popen(
            [str(HERE / "script"), host["host"], host["address"]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/tmp",
            env={"PATH": os.environ["PATH"], "HOME": "/tmp", "LANG": "C.UTF-8", "FENCE_SECRET": str(secret)},
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
    text = said.decode(errors="replace").strip()
    if secret.exists():
        text = text.replace(secret.read_text().strip() or "\0", "[secret]")
    return "" if process.returncode == 0 else f"the script ended with {process.returncode}: {text[-500:]}"


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
    elif sys.argv[1:] == ["--healthy"]:
        silent = time.time() - ALIVE.stat().st_mtime if ALIVE.exists() else STALE
        if silent >= STALE:
            sys.exit(f"etcd could not be read for {silent:.0f} s")
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        Watch(Settings.read()).run()


if __name__ == "__main__":
    main()
