"""Steady load on the example application from outside: an open loop, which asks on time whatever became of the others.

Reads over kept connections and over new ones, messages that are posted once each, and WebSockets that echo. What counts
as failed: no answer, an answer other than the expected one, and a WebSocket that ends without a close frame.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import secrets
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import websocket

from tests.environment import Environment, docker

#: Requests per second of each kind.
RATES = {"kept": 40, "fresh": 10, "post": 10}
SOCKETS = 10
ECHO_EVERY = 0.5
PATIENCE = 20.0
#: nginx closes a connection that nobody uses after 65 seconds.
KEPT_FOR = 20.0
READ = "/login/"


@dataclass(frozen=True)
class Asked:
    """One request: its kind, when it was due, how long its answer took, and what was wrong with it."""

    kind: str
    due: float
    seconds: float
    problem: str


@dataclass
class Report:
    """What a load met. Times are those of ``time.monotonic``."""

    asked: list[Asked] = field(default_factory=list)
    echoes: int = 0
    closed_well: int = 0
    closed_badly: list[str] = field(default_factory=list)
    posted: int = 0
    posted_twice: int = 0
    lost: int = 0

    @property
    def failed(self) -> list[Asked]:
        return [entry for entry in self.asked if entry.problem]

    @property
    def longest_gap(self) -> float:
        """The longest time in which no request that came back was well."""
        ends = sorted(entry.due + entry.seconds for entry in self.asked if not entry.problem)
        return max((later - earlier for earlier, later in itertools.pairwise(ends)), default=math.inf)

    def percentile(self, share: float, since: float = -math.inf, until: float = math.inf) -> float:
        """Milliseconds within which this share of the requests that were due in a span was answered."""
        found = sorted(entry.seconds for entry in self.asked if since <= entry.due < until and not entry.problem)
        return found[min(len(found) - 1, int(len(found) * share))] * 1000 if found else math.nan

    def between(self, since: float, until: float) -> list[Asked]:
        return [entry for entry in self.asked if since <= entry.due < until]

    def problems(self) -> list[str]:
        """All that a rollout must not do to anybody, in words."""
        # The rest of what a refused handshake says is the whole answer.
        sockets = [f"WebSocket: {what.split(' -+-+- ', 1)[0]}" for what in self.closed_badly]
        kinds = Counter([*(f"{entry.kind}: {entry.problem}" for entry in self.failed), *sockets])
        found = [f"{count} × {what}" for what, count in kinds.items()]
        if self.posted_twice:
            found.append(f"{self.posted_twice} messages stored twice")
        if self.lost:
            found.append(f"{self.lost} messages that were acknowledged are not stored")
        return found


@dataclass(frozen=True)
class Device:
    id: str
    token: str


MAKE = """
import json
from django.contrib.auth import get_user_model
from hub.models import Device
user, _ = get_user_model().objects.get_or_create(username="load")
made = [Device.objects.create_with_token(user, f"{prefix}-{n}") for n in range(count)]
print(json.dumps([[str(device.id), token] for device, token in made]))
"""
COUNT = """
import json
from django.db.models import Count
from hub.models import Message
found = Message.objects.filter(body__startswith=prefix).values_list("body").annotate(n=Count("id"))
print(json.dumps(dict(found)))
"""


def shell(container: Sequence[str], code: str, **values: Any) -> Any:
    """Run Python in the application; its last line is JSON."""
    given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    command = ["python3", "/slipway/entrypoint.py", "python", "manage.py", "shell", "-c", given + code]
    return json.loads(docker("exec", "--interactive", *container, *command).splitlines()[-1])


class Load:
    """``with Load(environment) as load: …`` keeps the load up for as long as the block lasts; then ``load.report``."""

    def __init__(self, environment: Environment, container: Sequence[str] = (), share: float = 1) -> None:
        """``container``: where to run Python in the application, and the command that leads there. Default: the first
        replica of an environment on this machine. ``share``: of the usual requests per second.
        """
        self.environment = environment
        self.container = container or (f"{environment.name}-{environment.replicas('devicehub', 'web')[0]}",)
        #: New connections go to one edge host after the other.
        self.addresses = itertools.cycle([environment.addresses[host] for host in environment.topology["edge"]])
        self.rates = {kind: max(1, round(rate * share)) for kind, rate in RATES.items()}
        self.report = Report()
        self.run = secrets.token_hex(4)
        self._stop = threading.Event()
        self._context = ssl.create_default_context(cafile=str(environment.ca))
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._acknowledged: list[str] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Load:
        made = shell(self.container, MAKE, prefix=self.run, count=SOCKETS)
        self.devices = [Device(*entry) for entry in made]
        self._threads = [threading.Thread(target=lambda: asyncio.run(self._ask()), daemon=True)]
        self._threads += [threading.Thread(target=self._echo, args=(device,), daemon=True) for device in self.devices]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE + 10)
        self.settle()

    def settle(self) -> None:
        """Compare what was acknowledged up to now with what is stored."""
        acknowledged = list(self._acknowledged)
        stored = shell(self.container, COUNT, prefix=f"{self.run}/")
        self.report.posted = len(acknowledged)
        self.report.posted_twice = sum(count > 1 for count in stored.values())
        self.report.lost = sum(body not in stored for body in acknowledged)

    # ---- Requests

    async def _ask(self) -> None:
        begin = time.monotonic()
        plan = sorted((n / rate, kind) for kind, rate in self.rates.items() for n in range(rate))
        tasks: set[asyncio.Task[None]] = set()
        for second in itertools.count():
            for offset, kind in plan:
                due = begin + second + offset
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if self._stop.is_set():
                    await asyncio.gather(*tasks)
                    return
                task = asyncio.create_task(self._one(kind, due))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def _one(self, kind: str, due: float) -> None:
        try:
            problem = await asyncio.wait_for(getattr(self, f"_{kind}")(), PATIENCE)
        except (OSError, EOFError, TimeoutError) as error:
            problem = f"{type(error).__name__} {error}".strip()
        self.report.asked.append(Asked(kind, due, time.monotonic() - due, problem))

    def _connect(self) -> Coroutine[Any, Any, tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        return asyncio.open_connection(
            next(self.addresses),
            self.environment.https_port,
            ssl=self._context,
            server_hostname=self.environment.domain,
        )

    def _head(self, method: str, path: str, *more: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.environment.authority}", *more, "", ""]
        return "\r\n".join(lines).encode()

    async def _kept(self) -> str:
        while self._idle and self._idle[0][0] < time.monotonic() - KEPT_FOR:
            self._idle.pop(0)[2].close()
        reader, writer = self._idle.pop()[1:] if self._idle else await self._connect()
        status, kept = await self._exchange(reader, writer, self._head("GET", READ))
        if kept:
            self._idle.append((time.monotonic(), reader, writer))
        else:
            writer.close()
        return "" if status == 200 else f"status {status}"

    async def _fresh(self) -> str:
        reader, writer = await self._connect()
        status, _ = await self._exchange(reader, writer, self._head("GET", READ, "Connection: close"))
        writer.close()
        return "" if status == 200 else f"status {status}"

    async def _post(self) -> str:
        body = f"{self.run}/{secrets.token_hex(8)}"
        content = json.dumps({"body": body}).encode()
        device = self.devices[0]
        reader, writer = await self._connect()
        head = self._head(
            "POST",
            f"/api/devices/{device.id}/messages/",
            f"Authorization: Token {device.token}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            "Connection: close",
        )
        status, _ = await self._exchange(reader, writer, head + content)
        writer.close()
        if status != 201:
            return f"status {status}"
        self._acknowledged.append(body)
        return ""

    @staticmethod
    async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bool]:
        """Send a request and read its answer; its status, and whether the connection is kept."""
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            if "\r\ntransfer-encoding: chunked" in head:
                while size := int(await reader.readuntil(b"\r\n"), 16):
                    await reader.readexactly(size + 2)
                await reader.readexactly(2)
            elif "\r\ncontent-length:" in head:
                await reader.readexactly(int(head.split("\r\ncontent-length:", 1)[1].split("\r\n", 1)[0]))
            return int(head.split(" ", 2)[1]), "\r\nconnection: close" not in head
        except BaseException:
            writer.close()
            raise

    # ---- WebSockets

    def _echo(self, device: Device) -> None:
        """A WebSocket that is opened anew whenever it is closed; it must be closed with a frame that says so."""
        while not self._stop.is_set():
            try:
                connection = self._open(device)
            except (OSError, websocket.WebSocketException) as error:
                self.report.closed_badly.append(f"not opened: {error}")
                self._stop.wait(1)
                continue
            try:
                self._talk(connection)
            except (OSError, websocket.WebSocketException) as error:
                self.report.closed_badly.append(f"{type(error).__name__} {error}".strip())
            finally:
                with suppress(OSError, websocket.WebSocketException):
                    connection.close(timeout=2)

    def _open(self, device: Device) -> websocket.WebSocket:
        plain = socket.create_connection((next(self.addresses), self.environment.https_port), timeout=PATIENCE)
        secured = self._context.wrap_socket(plain, server_hostname=self.environment.domain)
        return websocket.create_connection(
            f"wss://{self.environment.authority}/ws/devices/{device.id}/",
            socket=secured,
            header={"Authorization": f"Token {device.token}"},
            suppress_origin=True,
            timeout=PATIENCE,
        )

    def _talk(self, connection: websocket.WebSocket) -> None:
        """Read all the time, as a browser does: what was written to a closed connection makes its last frame vanish."""
        said, due = "", 0.0
        connection.settimeout(0.1)
        while not self._stop.is_set():
            if not said and time.monotonic() >= due:
                said, due = secrets.token_hex(8), time.monotonic() + ECHO_EVERY
                connection.send(json.dumps({"body": said}))
            try:
                opcode, data = connection.recv_data()
            except websocket.WebSocketTimeoutException:
                continue
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                self.report.closed_well += 1
                return
            if json.loads(data).get("body") == said:
                self.report.echoes += 1
                said = ""
