"""What module host_probe says about this machine, and about engines that are played to it."""

from __future__ import annotations

import http.server
import json
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.modules import host_probe

CONTAINERS = [
    {
        "Names": ["/test-nginx"],
        "Labels": {"slipway.environment": "test"},
        "Ports": [
            {"IP": "0.0.0.0", "PrivatePort": 8443, "PublicPort": 443, "Type": "tcp"},
            {"IP": "0.0.0.0", "PrivatePort": 53, "PublicPort": 80, "Type": "udp"},
            {"PrivatePort": 8080, "Type": "tcp"},
        ],
    }
]
ANSWERS: dict[str, Any] = {
    "/version": {"Version": "20.10.24"},
    "/info": {"DockerRootDir": "/var/lib/docker"},
    "/containers/json": CONTAINERS,
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(ANSWERS[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class calls it so
        pass


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "docker.sock")
    with socketserver.UnixStreamServer(path, Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_a_running_engine_is_asked_for_its_version_and_containers(engine: str) -> None:
    state, containers = host_probe.engine_state(engine)
    assert state == {"state": "running", "version": "20.10.24", "root": "/var/lib/docker"}
    assert containers == CONTAINERS


def test_an_engine_that_is_not_there_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_options: None)
    assert host_probe.engine_state(str(tmp_path / "none")) == ({"state": "absent"}, [])


def test_a_socket_without_an_engine_behind_it_is_a_stopped_one(tmp_path: Path) -> None:
    path = str(tmp_path / "docker.sock")
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(path)
    assert host_probe.engine_state(path) == ({"state": "stopped"}, [])


def test_an_engine_that_says_nonsense_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        state, _containers = host_probe.engine_state(str(path))
        thread.join()
    assert state["state"] == "silent"


def test_a_published_port_belongs_to_its_container() -> None:
    (listener,) = host_probe.listeners(CONTAINERS, {443})
    assert (listener["port"], listener["container"], listener["environment"]) == (443, "test-nginx", "test")


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_listener_is_named_with_its_process(family: socket.AddressFamily, address: str) -> None:
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {address}")
    with server:
        port = server.getsockname()[1]
        (listener,) = host_probe.listeners([], {port})
    assert (listener["port"], listener["address"], listener["pid"]) == (port, address, os.getpid())
    assert listener["process"]


def test_a_port_without_a_listener_is_not_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert host_probe.listeners([], {port}) == []


def test_disk_and_memory_are_those_of_this_machine(tmp_path: Path) -> None:
    assert host_probe.free(str(tmp_path / "not/there/yet")) == pytest.approx(host_probe.free(str(tmp_path)), rel=0.05)
    assert host_probe.memory() > 2**28
