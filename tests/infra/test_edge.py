"""What a stranger meets at the front door."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress

import pytest
import requests

from tests.environment import Environment
from tests.infra.wire import tls

HEADERS = {
    "strict-transport-security": r"max-age=\d{8,}.*",
    "x-frame-options": r"DENY|SAMEORIGIN",
    "x-content-type-options": r"nosniff",
    "referrer-policy": r".+",
    "permissions-policy": r".+",
    "content-security-policy(-report-only)?": r".*default-src.+",
    "x-request-id": r"[A-Za-z0-9._-]{8,64}",
}


def missing_headers(answer: requests.Response) -> list[str]:
    """Headers that are not there exactly once, or not as they should be."""
    given = [(name.lower(), value) for name, value in answer.raw.headers.items()]
    wrong = []
    for name, value in HEADERS.items():
        found = [text for key, text in given if re.fullmatch(name, key)]
        if len(found) != 1 or not re.fullmatch(value, found[0]):
            wrong.append(f"{name}: {found}")
    return wrong


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/ready", 200),
        ("GET", "/login/", 200),
        ("GET", "/", 302),
        ("GET", "/nothing/here", 404),  # the application's own
        ("GET", "/api/devices/", 401),
        ("GET", "/health/detail", 404),  # nginx's own
        ("GET", "/static/nothing.css", 404),
        ("DELETE", "/static/admin/css/base.css", 403),
        ("POST", "/login/", 403),  # no CSRF token
        ("POST", "/api/devices/", 413),
    ],
)
def test_security_headers_are_on_every_answer(
    environment: Environment, client: requests.Session, method: str, path: str, status: int
) -> None:
    body = b"x" * (2 << 20) if status == 413 else None
    answer = client.request(method, environment.url + path, data=body, allow_redirects=False)
    assert answer.status_code == status
    assert missing_headers(answer) == []


def test_a_malformed_request_is_answered_with_security_headers(
    environment: Environment, context: ssl.SSLContext
) -> None:
    with tls("127.0.0.1", environment.https_port, environment.domain, context) as connection:
        request = f"GET / HTTP/1.1\r\nHost: {environment.authority}\r\nContent-Length: nonsense\r\n\r\n"
        connection.sendall(request.encode())
        answer = connection.recv(65536).decode().lower()
    assert answer.startswith("http/1.1 400")
    assert "strict-transport-security:" in answer
    assert "x-content-type-options: nosniff" in answer


def test_plain_http_redirects(environment: Environment, client: requests.Session) -> None:
    plain = f"http://{environment.domain}:{environment.http_port}/devices/?page=2"
    answer = client.get(plain, allow_redirects=False)
    assert answer.status_code in (301, 308)
    assert answer.headers["Location"] == f"{environment.url}/devices/?page=2"
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["unknown.example.org", "localhost", None])
def test_an_unknown_name_gets_no_certificate(environment: Environment, name: str | None) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    refused = pytest.raises(ssl.SSLError, match=r"(?i)unrecognized name")
    with socket.create_connection(("127.0.0.1", environment.https_port), timeout=5) as plain, refused:
        context.wrap_socket(plain, server_hostname=name)


def test_an_unknown_name_gets_no_answer_over_plain_http(environment: Environment) -> None:
    for host in ("unknown.example.org", "127.0.0.1", f"{environment.domain}.example.org"):
        with socket.create_connection(("127.0.0.1", environment.http_port), timeout=5) as plain:
            plain.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = b""
            with suppress(ConnectionResetError):  # closed before or after the request was read
                answer = plain.recv(4096)
            assert answer == b"", host


def test_another_host_inside_the_connection_is_refused(environment: Environment, client: requests.Session) -> None:
    answer = client.get(f"{environment.url}/health/ready", headers={"Host": "unknown.example.org"})
    assert answer.status_code == 421
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_http2_is_offered(environment: Environment) -> None:
    context = ssl.create_default_context(cafile=str(environment.ca))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with tls("127.0.0.1", environment.https_port, environment.domain, context) as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_a_request_id_is_taken_or_made(environment: Environment, client: requests.Session) -> None:
    url = f"{environment.url}/login/"
    assert client.get(url, headers={"X-Request-ID": "test-edge.0001"}).headers["X-Request-ID"] == "test-edge.0001"
    made = [client.get(url).headers["X-Request-ID"] for _ in range(2)]
    assert made[0] != made[1]
    unusable = client.get(url, headers={"X-Request-ID": 'x" onload="'}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", unusable)


@pytest.mark.parametrize(
    "path",
    [
        "/health/detail",
        "/health/detail/",
        "/health//detail",
        "/health/./detail",
        "/%68ealth/detail",
        "/health/detail?x",
    ],
)
def test_the_inside_of_the_application_is_not_reachable(
    environment: Environment, context: ssl.SSLContext, path: str
) -> None:
    with tls("127.0.0.1", environment.https_port, environment.domain, context) as connection:
        # Written by hand: a client would tidy the path up first.
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {environment.authority}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 404")
    assert "dependencies" not in answer


def test_the_inside_is_there_for_neighbours(environment: Environment) -> None:
    """Or the test above would pass for an application that has no such page."""
    address = environment.address("devicehub-web-1", "app-devicehub")
    answer = requests.get(f"http://{address}:8000/health/detail", timeout=5)
    assert answer.status_code == 200
    assert set(answer.json()["dependencies"].values()) == {"ok"}


def test_static_files_are_compressed_and_kept(environment: Environment, client: requests.Session) -> None:
    page = client.get(f"{environment.url}/login/").text
    found = re.search(r'href="(/static/hub/hub\.[0-9a-f]+\.css)"', page)
    assert found
    answer = client.get(environment.url + found[1], headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"].startswith("text/css")
    assert answer.headers.get("Content-Encoding") == "gzip"
    assert missing_headers(answer) == []
