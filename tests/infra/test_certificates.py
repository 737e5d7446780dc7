"""Every server of the environment shows a certificate of its own authority, for its own name."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.environment import Environment
from tests.infra.wire import tls

# Versions that nothing may speak any more; this Python's own defaults would refuse them first.
OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]


def test_each_domain_has_a_certificate_of_the_authority(environment: Environment, context: ssl.SSLContext) -> None:
    for domain in environment.domains:
        with tls("127.0.0.1", environment.https_port, domain, context) as connection:
            assert connection.version() in ("TLSv1.2", "TLSv1.3")


def test_each_store_has_a_certificate_of_the_authority(
    environment: Environment, context: ssl.SSLContext, member: str, instances: list[dict[str, Any]]
) -> None:
    # container, network, port, the name that clients use, whether Postgres' own way into TLS leads there
    servers = [
        ("etcd", "backbone", 2379, f"etcd-{member}", False),
        ("postgres", "backbone", 8008, f"postgres-{member}", False),
        ("postgres", "backbone", 5432, f"postgres-{member}", True),
        ("router-devicehub", "app-devicehub", 5432, "db", True),
        ("pgbouncer-devicehub", "app-devicehub", 6432, "pgbouncer", True),
        ("sentinel", "backbone", 26379, f"sentinel-{member}", False),
    ]
    for instance in instances:
        name = f"redis-{instance['label']}"
        servers.append((name, "backbone", instance["port"], f"{name}-{member}", False))
        servers.append(("router-devicehub", "app-devicehub", instance["port"], "redis", False))
    for container, network, port, name, postgres in servers:
        with tls(environment.address(container, network), port, name, context, postgres) as connection:
            assert connection.version() in ("TLSv1.2", "TLSv1.3"), name


@pytest.mark.parametrize("version", OLD, ids=lambda version: version.name)
def test_old_versions_are_refused(environment: Environment, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(environment.ca)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        context.minimum_version = context.maximum_version = version
    refused = pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version")
    with refused, tls("127.0.0.1", environment.https_port, environment.domain, context):
        pass


def test_a_stranger_does_not_trust_the_authority(environment: Environment) -> None:
    refused = pytest.raises(ssl.SSLCertVerificationError)
    with refused, tls("127.0.0.1", environment.https_port, environment.domain, ssl.create_default_context()):
        pass


def test_private_keys_are_their_owners_alone(environment: Environment) -> None:
    kept = [*(environment.control_dir / "pki").glob("*.key"), *environment.state_dir.rglob("*.key")]
    assert len(kept) > 10, kept
    assert {str(path): oct(path.stat().st_mode & 0o777) for path in kept if path.stat().st_mode & 0o777 != 0o400} == {}
    assert environment.control_dir.stat().st_mode & 0o077 == 0


def test_the_authority_key_stays_on_the_control_machine(environment: Environment) -> None:
    key = (environment.control_dir / "pki/ca.key").read_bytes()
    copies = [path for path in _files(environment.state_dir) if path.read_bytes() == key]
    assert copies == []


def _files(directory: Path) -> list[Path]:
    found = [path for path in directory.rglob("*") if path.is_file()]
    assert found, f"no files below {directory}"
    return found


def test_plain_connections_to_tls_ports_are_not_answered(
    environment: Environment, instances: list[dict[str, Any]]
) -> None:
    for instance in instances:
        address = environment.address(f"redis-{instance['label']}", "backbone")
        with socket.create_connection((address, instance["port"]), timeout=5) as plain:
            plain.sendall(b"PING\r\n")
            try:
                answer = plain.recv(64)
            except ConnectionResetError:
                answer = b""
        assert answer[:1] not in (b"+", b"-"), answer
