"""What a router says over its control socket, and how it is told something."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.router_control import Router, slots

STATE = """1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state
4 web 1 replica1 172.29.0.4 2 0
4 web 2 replica2 172.29.0.5 2 8
4 web 3 replica3 - 0 32
4 web 4 replica4 - 0 40
"""


def test_slots_tell_who_is_free_and_who_is_held() -> None:
    assert [(slot.name, slot.free, slot.forced) for slot in slots(STATE)] == [
        ("replica1", False, False),
        ("replica2", False, True),
        ("replica3", True, False),
        ("replica4", True, True),
    ]


def test_a_backend_that_is_not_there_has_no_slots() -> None:
    assert slots("Can't find backend.\n\n") == []


class Server:
    def __init__(self, directory: Path) -> None:
        self.asked: list[str] = []
        self.answer = ""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(directory / "admin.sock"))
        self.socket.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return  # closed: the test is over
            with connection:
                self.asked.append(connection.recv(65536).decode())
                connection.sendall(self.answer.encode())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path)
    yield started
    started.socket.close()


def test_all_slots_are_told_in_one_line(tmp_path: Path, server: Server) -> None:
    Router(str(tmp_path)).tell("web", ["replica1", "replica2"], "drain")
    assert server.asked == ["set server web/replica1 state drain;set server web/replica2 state drain\n"]


def test_nobody_is_told_nothing(tmp_path: Path, server: Server) -> None:
    Router(str(tmp_path)).tell("web", [], "drain")
    assert server.asked == []


def test_a_refusal_is_an_error(tmp_path: Path, server: Server) -> None:
    server.answer = "No such server.\n"
    with pytest.raises(OSError, match="No such server"):
        Router(str(tmp_path)).tell("web", ["replica1"], "ready")
