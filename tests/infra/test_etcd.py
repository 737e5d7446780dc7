"""etcd believes certificates of the environment's authority, and nothing else."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from tests.environment import Environment
from tests.infra.wire import tls, trust

QUESTION = b"GET /health HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n"


def ask(environment: Environment, member: str, port: int, certificate: str = "") -> bytes:
    context = trust(environment.ca)
    if certificate:
        pki = environment.control_dir / "pki"
        context.load_cert_chain(Path(pki / f"{certificate}.crt"), Path(pki / f"{certificate}.key"))
    with tls(environment.address("etcd", "backbone"), port, f"etcd-{member}", context) as connection:
        connection.sendall(QUESTION)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_a_member_is_let_in(environment: Environment, member: str) -> None:
    """Or the refusals below would prove nothing."""
    assert b'"health":"true"' in ask(environment, member, 2379, "patroni")


@pytest.mark.parametrize("port", [2379, 2380])
def test_a_client_without_certificate_is_refused(environment: Environment, member: str, port: int) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)certificate required"):
        ask(environment, member, port)


@pytest.mark.parametrize("certificate", ["nginx", "pgbouncer-devicehub"])
def test_a_certificate_for_a_server_is_refused(environment: Environment, member: str, certificate: str) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)bad certificate|unsupported certificate"):
        ask(environment, member, 2379, certificate)


def test_a_plain_connection_is_not_answered(environment: Environment) -> None:
    with socket.create_connection((environment.address("etcd", "backbone"), 2379), timeout=5) as plain:
        plain.sendall(QUESTION)
        assert b"health" not in plain.recv(4096)
