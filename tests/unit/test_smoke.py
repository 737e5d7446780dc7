"""What the smoke test asks, and how it judges the answer."""

from __future__ import annotations

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.smoke import ANY_PAGE, smoke_requests
from ansible_collections.slipway.kit.plugins.modules import https_probe
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def application(**changes: Any) -> dict[str, Any]:
    return {
        "domains": ["shop.test", "www.shop.test"],
        "processes": {"web": {"probe": {"path": "/health/ready", "status": 204}}, "worker": {}},
        "routes": [{"path": "/", "process": "web"}],
        **changes,
    }


def test_every_domain_is_asked_for_the_health_path() -> None:
    found = smoke_requests({"shop": application()})
    assert [entry["url"] for entry in found] == ["https://shop.test/health/ready", "https://www.shop.test/health/ready"]
    assert {tuple(entry["status"]) for entry in found} == {(204,)}


@pytest.mark.parametrize(
    "changes",
    [
        {"processes": {"web": {"probe": {"command": ["true"]}}}},
        {"internal": ["/health"]},
        {"internal": ["/health/ready"]},
    ],
)
def test_without_an_open_health_path_the_route_is_asked(changes: dict[str, Any]) -> None:
    first = smoke_requests({"shop": application(**changes)})[0]
    assert (first["url"], first["status"]) == ("https://shop.test/", ANY_PAGE)


def test_closed_paths_close_whole_segments_only() -> None:
    assert smoke_requests({"shop": application(internal=["/health/rea"])})[0]["url"].endswith("/health/ready")


def test_a_stripped_prefix_is_put_before_the_health_path() -> None:
    routes = [{"path": "/api", "process": "web", "strip": True}]
    assert smoke_requests({"shop": application(routes=routes)})[0]["url"] == "https://shop.test/api/health/ready"


def test_another_port_stands_in_the_addresses() -> None:
    first = smoke_requests({"shop": application()}, 8443)[0]
    assert (first["base"], first["url"]) == ("https://shop.test:8443", "https://shop.test:8443/health/ready")


def test_an_application_without_routes_is_not_asked() -> None:
    assert smoke_requests({"batch": application(routes=[])}) == []


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Host"] == "shop.test" else 421)
        self.send_header("X-Seen-Path", self.path)
        self.end_headers()
        self.wfile.write(b"up")

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def serve(context: ssl.SSLContext | None) -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    """A web server on a free port of the loopback."""
    yield from serve(None)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for shop.test that is its own authority, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "shop.pem"
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*private))
    return path


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[int]:
    """A web server that speaks TLS with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield from serve(context)


def test_the_probe_connects_to_the_address_and_speaks_of_the_host(port: int) -> None:
    found = https_probe.ask("http://shop.test/a?b=c", "127.0.0.1", port, None, 5)
    assert (found["status"], found["body"], found["headers"]["x-seen-path"]) == (200, "up", "/a?b=c")


def test_the_probe_verifies_the_name_in_the_url(tls_port: int, certificate: Path) -> None:
    found = https_probe.ask("https://shop.test/", "127.0.0.1", tls_port, str(certificate), 5)
    assert (found["status"], found["tls"]) == (200, "TLSv1.3")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"other\.test"):
        https_probe.ask("https://other.test/", "127.0.0.1", tls_port, str(certificate), 5)


def test_the_probe_refuses_an_unknown_authority(tls_port: int) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed certificate"):
        https_probe.ask("https://shop.test/", "127.0.0.1", tls_port, None, 5)


def test_the_probe_refuses_other_schemes() -> None:
    with pytest.raises(ValueError, match="not an http or https URL"):
        https_probe.ask("file:///etc/passwd", None, None, None, 5)


def test_differences_name_status_and_headers() -> None:
    found = {"status": 500, "headers": {"x-frame-options": "ALLOWALL"}}
    expected = {"X-Frame-Options": "DENY|SAMEORIGIN", "Referrer-Policy": ".+"}
    assert https_probe.differences(found, [200, 204], expected) == [
        "status is 500, not 200 or 204",
        "header X-Frame-Options is 'ALLOWALL', which does not match 'DENY|SAMEORIGIN'",
        "header Referrer-Policy is missing",
    ]
