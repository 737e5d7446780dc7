"""The power switch of a lab's servers: lab/fence.py asks it, over the servers' network, to power one off."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.faults.lab import Lab, runs

PORT = 7990


@contextmanager
def switched(lab: Lab, works: bool = True) -> Iterator[list[str]]:
    """Be the switch, and yield the servers that it was asked to power off; one that does not work is not there."""
    asked: list[str] = []
    if not works:
        yield asked
        return
    word = (Path.home() / ".local/state/slipway-lab" / lab.name / "fence").read_text().strip()
    servers = {server.name: server for server in lab.servers}

    class Switch(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = self.path.removeprefix("/off/")
            if not hmac.compare_digest(self.headers["Authorization"] or "", f"Bearer {word}") or name not in servers:
                self.send_error(403)
                return
            asked.append(name)
            if runs(servers[name]):
                servers[name].power_off()
            self.send_response(500 if runs(servers[name]) else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name that it has
            """Nobody reads it."""

    # The control machine's own address in the network of the servers.
    gateway = lab.servers[0].address.rsplit(".", 1)[0] + ".1"
    with ThreadingHTTPServer((gateway, PORT), Switch) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()
