"""What the tests of a running server share: the server itself and a WebSocket client."""

import base64
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

import testing
from django.conf import settings
from django.db import connection

HOST = "devicehub.localhost"
ORIGIN = f"https://{HOST}"


def test_database_url() -> str:
    """DATABASE_URL of the database that the test runner made."""
    return urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path="/" + connection.settings_dict["NAME"]))


class Replica:
    """The server as it runs in production: `python -m devicehub.serve`, on a port of its own."""

    module = "devicehub.serve"

    def __init__(self, name: str, **environment: str) -> None:
        self.name = name
        self.port = testing.free_port()
        variables = (
            os.environ
            | {"REPLICA": name, "LOG_LEVEL": "INFO", "DRAIN_DELAY": "0", "DATABASE_URL": test_database_url()}
            | environment
        )
        arguments = ["-b", "127.0.0.1", "-p", str(self.port), "-v", "0", "devicehub.asgi:application"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, *arguments], env=variables, stdout=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()
        wait_until(lambda: self.get("/health/live")[0] == 200, 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": HOST, **headers})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def timed(self, path: str) -> tuple[int, float]:
        started = time.monotonic()
        status, _ = self.get(path)
        return status, (time.monotonic() - started) * 1000


def wait_until(condition, seconds: float) -> float:
    """How long it took."""
    started = time.monotonic()
    testing.wait_until(condition, seconds)
    return time.monotonic() - started


class ClosedError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class RefusedError(Exception):
    pass


class WebSocket:
    """As much of RFC 6455 as the tests need."""

    def __init__(self, port: int, path: str, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.stream = self.socket.makefile("rb")
        given = {
            "Host": HOST,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        given["Sec-WebSocket-Key"] = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        status = self.stream.readline().decode().strip()
        while self.stream.readline().strip():
            pass
        if " 101 " not in status:
            self.close()
            raise RefusedError(status)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.stream.close()
        self.socket.close()

    def send(self, **content) -> None:
        self._frame(1, json.dumps(content).encode())

    def receive(self) -> dict:
        while True:
            head = self.stream.read(2)
            if len(head) < 2:
                raise ClosedError(1006)
            length = head[1] & 127
            if length == 126:
                length = struct.unpack("!H", self.stream.read(2))[0]
            payload = self.stream.read(length)
            opcode = head[0] & 15
            if opcode == 8:
                self._frame(8, payload[:2])
                raise ClosedError(struct.unpack("!H", payload[:2])[0])
            if opcode == 9:
                self._frame(10, payload)
            if opcode == 1:
                return json.loads(payload)

    def _frame(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        size = bytes([128 | len(payload)]) if len(payload) < 126 else bytes([254]) + struct.pack("!H", len(payload))
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.socket.sendall(bytes([128 | opcode]) + size + mask + body)
