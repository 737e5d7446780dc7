"""A person with an account, and the ways they come in: Python's own client, WebSockets, a browser."""

from __future__ import annotations

import json
import re
import secrets
import socket
import ssl
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from selenium import webdriver

from tests.environment import Environment

HERE = Path(__file__).parent
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --no-proxy-server --window-size=1000,800"
).split()


@dataclass(frozen=True)
class Person:
    name: str
    password: str


@pytest.fixture(scope="module")
def person(environment: Environment) -> Iterator[Person]:
    """A user of the application, made by its own command, and gone afterwards with all they own."""
    made = Person(f"test-{uuid.uuid4().hex[:12]}", secrets.token_urlsafe(24))
    replica = environment.replicas("devicehub", "web")[0]
    command = ("python", "manage.py", "ensure_user", "--username", made.name, "--password-file", "/dev/stdin")
    assert "was created" in environment.manage(replica, *command, text=made.password + "\n")
    yield made
    forget = "from django.contrib.auth import get_user_model as m; m().objects.get(username=input()).delete()"
    environment.manage(replica, "python", "manage.py", "shell", "-c", forget, text=made.name + "\n")


@pytest.fixture
def page(environment: Environment, client: requests.Session, person: Person) -> requests.Session:
    """An HTTP client that has logged in through the form, as a browser does."""
    form = f"{environment.url}/login/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(form).text)
    assert token
    fields = {"csrfmiddlewaretoken": token[1], "username": person.name, "password": person.password}
    answer = client.post(form, data=fields, headers={"Referer": form})
    assert answer.status_code == 200
    assert answer.url == f"{environment.url}/devices/"
    return client


@dataclass(frozen=True)
class Device:
    id: str
    token: str


@pytest.fixture
def device(environment: Environment, page: requests.Session) -> Device:
    """A device of the person's, created over REST. It goes with them."""
    headers = {"X-CSRFToken": csrf_token(page), "Referer": environment.url}
    name = f"device-{uuid.uuid4().hex[:8]}"
    answer = page.post(f"{environment.url}/api/devices/", json={"name": name}, headers=headers)
    assert answer.status_code == 201, answer.text
    return Device(answer.json()["id"], answer.json()["token"])


def csrf_token(page: requests.Session) -> str:
    return str(page.cookies["csrftoken"])


class Socket:
    """A WebSocket of a device. The first message says which replica holds it."""

    def __init__(self, environment: Environment, path: str, origin: str = "", **headers: str) -> None:
        context = ssl.create_default_context(cafile=str(environment.ca))
        plain = socket.create_connection((environment.domain, environment.https_port), timeout=10)
        secured = context.wrap_socket(plain, server_hostname=environment.domain)
        address = f"wss://{environment.authority}{path}"
        self.connection = websocket.create_connection(
            address, socket=secured, header=headers, origin=origin or None, suppress_origin=not origin, timeout=10
        )
        self.replica = str(self.receive("hello")["replica"])

    def receive(self, kind: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(self.connection.recv())
            if message["type"] == kind:
                return message

    def send(self, **content: str) -> None:
        self.connection.send(json.dumps(content))

    def close(self) -> None:
        self.connection.close()


Open = Callable[[Device], Socket]


@pytest.fixture
def sockets(environment: Environment) -> Iterator[Open]:
    """Opens WebSockets with a device's token; closes them at the end."""
    with ExitStack() as stack:

        def open_socket(device: Device) -> Socket:
            opened = Socket(environment, f"/ws/devices/{device.id}/", Authorization=f"Token {device.token}")
            stack.callback(opened.close)
            return opened

        yield open_socket


@pytest.fixture
def two_replicas(sockets: Open, device: Device) -> tuple[Socket, Socket]:
    """Two WebSockets of one device that different replicas hold."""
    first = sockets(device)
    for _ in range(10):
        second = sockets(device)
        if second.replica != first.replica:
            return first, second
    raise AssertionError(f"eleven WebSockets, all held by {first.replica}")


@pytest.fixture(scope="module")
def browser(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A real browser with an empty profile, to which the environment's authority was added as a person would add it."""
    subprocess.run([HERE / "install-browser"], check=True)
    home = tmp_path_factory.mktemp("home")
    store = home / ".pki/nssdb"
    store.mkdir(parents=True)
    database = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*database, "-N", "--empty-password"], check=True)
    subprocess.run([*database, "-A", "-n", "slipway", "-t", "C,,", "-i", environment.ca], check=True)

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService("/usr/bin/chromedriver", env={"HOME": str(home), "PATH": "/usr/bin:/bin"})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(30)
        yield driver
    finally:
        driver.quit()
