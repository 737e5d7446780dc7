"""What the world finds: domains, routes, limits, WebSockets, headers, static files."""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
import time

import pytest
import requests
import websocket

from tests.contract.conftest import Application
from tests.environment import Environment


def test_it_answers_under_each_domain_and_no_other(environment: Environment, mirror: Application) -> None:
    second = Application(environment, "second.mirror.localhost")
    assert second("/any").json()["headers"]["host"] == f"second.mirror.localhost:{environment.https_port}"
    with pytest.raises(requests.exceptions.SSLError):
        Application(environment, "stranger.localhost")("/")


def test_the_longest_prefix_wins_and_stays(mirror: Application) -> None:
    assert mirror("/any/path").json()["path"] == "/any/path"
    assert mirror("/strippedandnot").json()["path"] == "/strippedandnot"


@pytest.mark.parametrize(("path", "seen"), [("/stripped", "/"), ("/stripped/", "/"), ("/stripped/a/b", "/a/b")])
def test_a_prefix_that_is_stripped_is_named_in_a_header(mirror: Application, path: str, seen: str) -> None:
    found = mirror(path).json()
    assert (found["path"], found["headers"]["x-forwarded-prefix"]) == (seen, "/stripped")


def test_a_request_says_who_asks(mirror: Application) -> None:
    headers = mirror("/any", headers={"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Prefix": "/evil"}).json()["headers"]
    assert headers["x-forwarded-proto"] == "https"
    assert "9.9.9.9" not in headers["x-forwarded-for"]
    assert "/evil" not in headers.get("x-forwarded-prefix", "")


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/any", 64 * 1024, 200),
        ("/any", 64 * 1024 + 1, 413),
        ("/stripped/any", 2**20, 200),
        ("/stripped/any", 36 * 2**20, 200),
        ("/stripped/any", 40 * 2**20 + 1, 413),
    ],
)
def test_a_body_may_be_as_large_as_its_route_says(mirror: Application, path: str, size: int, status: int) -> None:
    try:
        answer = mirror(path, "POST", data=b"x" * size)
    except requests.exceptions.ConnectionError:
        assert status == 413, "nginx closes the connection on whoever goes on sending"
        return
    assert answer.status_code == status
    assert status != 200 or answer.json()["size"] == size


def test_a_request_may_take_as_long_as_its_route_says(mirror: Application) -> None:
    assert mirror("/ask/sleep?seconds=2").status_code == 200
    assert mirror("/impatient/ask/sleep?seconds=4").status_code == 504


def connect(application: Application, path: str) -> websocket.WebSocket:
    environment = application.environment
    context = ssl.create_default_context(cafile=str(environment.ca))
    plain = socket.create_connection((application.domain, environment.https_port), timeout=10)
    secured = context.wrap_socket(plain, server_hostname=application.domain)
    url = f"wss://{application.domain}:{environment.https_port}{path}"
    return websocket.create_connection(url, socket=secured, timeout=10)


@pytest.mark.parametrize("path", ["/ws/room", "/elder/room"])
def test_websockets_pass_where_they_are_stated(mirror: Application, path: str) -> None:
    connection = connect(mirror, path)
    connection.send("hello")
    assert connection.recv() == f"{path} hello"
    connection.close()


def test_a_websocket_that_is_silent_too_long_is_closed(mirror: Application) -> None:
    connection = connect(mirror, "/ws/room")
    began = time.monotonic()
    with contextlib.suppress(websocket.WebSocketConnectionClosedException, ConnectionError, ssl.SSLError):
        assert not connection.recv(), "it said something"
    assert 2 < time.monotonic() - began < 9


def test_websockets_do_not_pass_elsewhere(mirror: Application) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException):
        connect(mirror, "/any")


def test_a_login_may_be_tried_seldom(mirror: Application) -> None:
    assert 429 in [mirror("/login/", "POST").status_code for _ in range(4)]
    assert mirror("/login/").status_code == 200, "looking at the form is no attempt"


def test_a_rate_is_limited_where_it_is_not_said_otherwise(environment: Environment, mirror: Application) -> None:
    def ask(path: str) -> set[int]:
        with environment.session() as session:
            return {session.get(mirror.url(path)).status_code for _ in range(120)}

    assert ask("/free/any") == {200}
    assert 429 in ask("/any")
    time.sleep(3)  # until as many may be asked again


def test_what_a_mask_finds_is_not_logged(environment: Environment, mirror: Application) -> None:
    token, marker = secrets.token_hex(8), secrets.token_hex(8)
    assert mirror(f"/invite/{token}/{marker}").status_code == 200
    log = environment.log("nginx")
    assert f"/invite/***/{marker}" in log
    assert token not in log


@pytest.mark.parametrize("path", ["/internal", "/internal/any", "/stripped/internal"])
def test_internal_paths_are_never_reached(mirror: Application, path: str) -> None:
    assert mirror(path).status_code == 404


def test_headers_are_those_of_the_contract(mirror: Application) -> None:
    for path in ("/any", "/static/style.css", "/internal"):
        headers = mirror(path).headers
        assert headers["Content-Security-Policy-Report-Only"] == "default-src 'none'"
        assert "Content-Security-Policy" not in headers
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Permissions-Policy"] == "camera=(self)"
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "X-Powered-By" not in headers


def test_static_files_that_were_collected(mirror: Application) -> None:
    hashed = mirror("/static/style.0a1b2c3d.css")
    assert (hashed.text, "immutable" in hashed.headers["Cache-Control"]) == ("body { color: black }\n", True)
    assert "no-cache" in mirror("/static/style.css").headers["Cache-Control"]
    assert mirror("/static/none.css").status_code == 404
    assert mirror("/static/style.css", "POST").status_code in (403, 405)


def test_static_files_that_lie_in_the_image(elder: Application) -> None:
    font = elder("/fonts/DejaVuSans.ttf")
    assert (font.status_code, font.content[:4]) == (200, b"\0\1\0\0")


def test_static_files_that_the_application_serves(plain: Application) -> None:
    answer = plain("/static/style.css")
    assert (answer.status_code, answer.text) == (200, "body { color: black }\n")
    assert answer.headers["Content-Type"] == "text/css"
    assert plain("/other").status_code == 404


def test_an_application_without_routes_is_reached_by_nobody(environment: Environment) -> None:
    """It has no static files either: no directory of its own on the edge, and no site."""
    with pytest.raises(RuntimeError):
        environment.execute("nginx", "ls", "/etc/nginx/conf.d/quiet.conf")
    with pytest.raises(RuntimeError):
        environment.execute("nginx", "ls", "/srv/static/quiet")
    assert "mirror.conf" in environment.execute("nginx", "ls", "/etc/nginx/conf.d")
