"""What tests of running processes share: the processes, and wires to the stores that can be cut.

`run-tests` puts it beside the application, as a module of the name testing.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def at(url: str, port: int) -> str:
    """The same URL with another place to connect to: localhost, where a Wire listens."""
    parts = urlsplit(url)
    credentials = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{credentials}@localhost:{port}" if credentials else f"localhost:{port}"))


def wait_until(condition, seconds: float = 90):
    """The limit only ends what would not end: a busy machine takes its time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.05)
    return answer


class Wire:
    """A TCP forwarder in front of a dependency: `cut` refuses connections, `freeze` keeps them and says nothing."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname, parts.port)
        self.port = free_port()
        self.url = at(url, self.port)
        self.frozen = threading.Event()
        self.sockets: list[socket.socket] = []
        self.connections = 0
        self.listener: socket.socket | None = None
        self.mend()

    def mend(self) -> None:
        self.frozen.clear()
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        listener, self.listener = self.listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for end in self.sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.sockets.clear()

    def freeze(self) -> None:
        self.frozen.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.connections += 1
            self.sockets += [near, far]
            for source, destination in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, destination), daemon=True).start()

    def _pump(self, source: socket.socket, destination: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                while self.frozen.is_set():
                    time.sleep(0.02)
                destination.sendall(data)
        with contextlib.suppress(OSError):
            destination.shutdown(socket.SHUT_RDWR)


class Process:
    """A process of the application, `python -m COMMAND…`; what it writes is in `lines`."""

    def __init__(self, *command: str, **environment: str) -> None:
        variables = {**os.environ, "LOG_LEVEL": "INFO", **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def wrote(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def entries(self) -> list[dict]:
        return [json.loads(line) for line in self.lines]


class Gunicorn(Process):
    """One that serves, on a port of its own, to whoever asks for the host."""

    def __init__(self, application: str, *options: str, host: str, **environment: str) -> None:
        self.host = host
        self.port = free_port()
        bind = ["--bind", f"127.0.0.1:{self.port}", "--worker-tmp-dir", "/tmp"]
        super().__init__("gunicorn", *bind, *options, application, **environment)
        wait_until(lambda: self.get("/health/live")[0] == 200)

    def get(self, path: str, **headers: str) -> tuple[int, dict, dict]:
        return self._ask(urllib.request.Request(self.url(path), headers={"Host": self.host, **headers}))

    def post(self, path: str, body: dict, **headers: str) -> tuple[int, dict, dict]:
        headers |= {"Host": self.host, "Content-Type": "application/json"}
        return self._ask(urllib.request.Request(self.url(path), json.dumps(body).encode(), headers))

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _ask(self, request: urllib.request.Request) -> tuple[int, dict, dict]:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read()), error.headers
        except OSError:
            return 0, {}, {}
