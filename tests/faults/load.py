"""Load on a lab while something breaks: writers in replicas, requests through every edge host, what came of them."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from itertools import pairwise
from pathlib import Path

from tests.faults.lab import Lab, Server, runs

LEDGER = Path(__file__).with_name("ledger.py").read_text()
APPLICATION = "devicehub"
PERIOD = 0.1


def ledger(server: Server, *words: str) -> list[str]:
    """The command that runs the ledger in a replica on a server, as the application's own process is run."""
    replica = next(iter(server.replicas(APPLICATION)), None)
    if replica is None:
        raise RuntimeError(f"no replica of {APPLICATION} runs on {server.name}")
    inner = ["docker", "exec", "--interactive", "--env", "SLIPWAY_RUN=command", replica]
    program = ["python3", "/slipway/entrypoint.py", "python", "-c", LEDGER, *words]
    return ["docker", "exec", "--interactive", server.container, *inner, *program]


@dataclass(frozen=True)
class Try:
    """One write or request."""

    where: str
    began: float
    ended: float
    problem: str
    id: str = ""


@dataclass
class Load:
    """Start, break something, stop; then ask."""

    lab: Lab
    domain: str
    ca: Path
    tries: dict[str, list[Try]] = field(default_factory=lambda: {"postgres": [], "redis": [], "http": []})
    stopped: float = 0
    _writers: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self._ask("prepare")
        for server in self.lab.servers:
            self._threads.append(threading.Thread(target=self._write, args=(server,), daemon=True))
            self._threads.append(threading.Thread(target=self._request, args=(server,), daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = time.time()
        self._ended.set()
        for process in [*self._writers.values()]:
            _end(process)
        for thread in self._threads:
            thread.join(15)
        for process in self._writers.values():
            process.kill()
            process.wait()

    def _ask(self, what: str) -> str:
        servers = [server for server in self.lab.servers if runs(server)]
        problem = ""
        for server in servers * 5:
            try:
                command = ledger(server, what)
                done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
                if done.returncode == 0:
                    return done.stdout
                problem = done.stderr[-500:] or done.stdout[-500:]
            except RuntimeError as error:
                problem = str(error)
            time.sleep(1)
        raise RuntimeError(f"the ledger cannot {what}: {problem}")

    def _write(self, server: Server) -> None:
        """A writer ends with its replica; the next one goes on in another, as long as one runs there."""
        number = 0
        while not self._ended.is_set():
            number += 1
            try:
                command = ledger(server, "write", f"{server.name}-{number}")
            except RuntimeError:
                self._ended.wait(PERIOD)
                continue
            self._writers[server.name] = process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            if self._ended.is_set():
                _end(process)
            for line in process.stdout or ():
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if "store" in said:
                        self.tries[said.pop("store")].append(Try(server.name, **said))
            process.wait()

    def _request(self, server: Server) -> None:
        """A new connection for each request: whoever comes now."""
        context = ssl.create_default_context(cafile=str(self.ca))
        while not self._ended.is_set():
            began, problem = time.time(), ""
            connection = _Connection(self.domain, server.address, context)
            try:
                connection.request("GET", "/health/live")
                status = connection.getresponse().status
                problem = "" if status == 200 else f"status {status}"
            except (OSError, HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
            finally:
                connection.close()
            self.tries["http"].append(Try(server.name, began, time.time(), problem))
            time.sleep(PERIOD)

    def lost(self) -> dict[str, list[str]]:
        """Acknowledged writes that are not there, by store; the ledger is removed after."""
        there: dict[str, list[str]] = json.loads(self._ask("read").strip().splitlines()[-1])
        self._ask("remove")
        return {
            store: sorted({entry.id for entry in self.tries[store] if not entry.problem} - set(there[store]))
            for store in ("postgres", "redis")
        }

    def gap(self, store: str, since: float, without: set[str]) -> float:
        """The longest time in which somebody, of those who were not hit themselves, waited for the next success."""
        longest = 0.0
        for where in {entry.where for entry in self.tries[store]} - without:
            ends = sorted(entry.ended for entry in self.tries[store] if entry.where == where and not entry.problem)
            ends = [since, *(end for end in ends if end > since), self.stopped]
            longest = max([longest, *(after - before for before, after in pairwise(ends))])
        return longest

    def failed(self, store: str, without: set[str]) -> tuple[int, int]:
        """Tries that failed, of how many, by those who were not hit themselves."""
        tries = [entry for entry in self.tries[store] if entry.where not in without]
        return sum(bool(entry.problem) for entry in tries), len(tries)

    def said(self, store: str) -> dict[str, int]:
        """Each problem that was met, and how often."""
        found: dict[str, int] = {}
        for entry in self.tries[store]:
            if entry.problem:
                found[entry.problem] = found.get(entry.problem, 0) + 1
        return found


def _end(writer: subprocess.Popen[str]) -> None:
    """A writer ends with its standard input."""
    if writer.stdin:
        with contextlib.suppress(BrokenPipeError):
            writer.stdin.close()


class _Connection(HTTPSConnection):
    """To an address, in the name of a domain."""

    def __init__(self, domain: str, address: str, context: ssl.SSLContext) -> None:
        super().__init__(domain, timeout=3, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        self.sock = self._tls.wrap_socket(socket.create_connection((self._address, 443), 2), server_hostname=self.host)
        self.sock.settimeout(3)
