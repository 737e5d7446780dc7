"""The few words of each protocol that the tests speak themselves, so that no client's own defaults stand between."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

TIMEOUT = 5
#: Length 8, and the number that asks for TLS: https://www.postgresql.org/docs/17/protocol-message-formats.html
POSTGRES_TLS = bytes.fromhex("0000000804d2162f")


def trust(ca: Path) -> ssl.SSLContext:
    """A client's context that trusts this authority and nobody else."""
    return ssl.create_default_context(cafile=str(ca))


@contextmanager
def tls(address: str, port: int, name: str, context: ssl.SSLContext, postgres: bool = False) -> Iterator[ssl.SSLSocket]:
    """A connection to an address, whose certificate must be for ``name``."""
    with socket.create_connection((address, port), timeout=TIMEOUT) as plain:
        if postgres:
            plain.sendall(POSTGRES_TLS)
            assert plain.recv(1) == b"S", "the server does not speak TLS"
        with context.wrap_socket(plain, server_hostname=name) as secured:
            yield secured


class RedisError(Exception):
    """An answer that begins with a minus."""


class Redis:
    """Commands over a connection that is open: https://redis.io/docs/latest/develop/reference/protocol-spec/"""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.stream: IO[bytes] = connection.makefile("rb")

    def __call__(self, *words: str) -> object:
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words)
        self.connection.sendall(b"*%d\r\n%s" % (len(words), parts))
        return self.answer()

    def answer(self) -> object:
        line = self.stream.readline().decode().rstrip()
        kind, rest = line[:1], line[1:]
        if kind == "-":
            raise RedisError(rest)
        if kind == ":":
            return int(rest)
        if kind == "$":
            return None if rest == "-1" else self.stream.read(int(rest) + 2)[:-2].decode()
        if kind == "*":
            return [self.answer() for _ in range(int(rest))]
        return rest
