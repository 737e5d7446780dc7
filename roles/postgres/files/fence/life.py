"""Whether a host gives any sign of life."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import ssl
import threading
import time
from dataclasses import dataclass

#: Where Patroni answers, and where Postgres does.
PATRONI, POSTGRES = 8008, 5432
#: Seconds that one probe waits for a sign of life; of these, at the first door only; between two probes.
PROBE, FIRST, REST = 0.5, 0.2, 0.5


def knock(address: str, door: int) -> socket.socket:
    """Begin to connect, without waiting."""
    knocking = socket.socket()
    knocking.setblocking(False)
    knocking.connect_ex((address, door))
    return knocking


def answered(knocking: socket.socket) -> bool:
    """A refusal is a sign of life as good as a welcome: there is a kernel that sent it."""
    return knocking.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (0, errno.ECONNREFUSED, errno.ECONNRESET)


def lives(address: str, name: str = "", context: ssl.SSLContext | None = None) -> bool:
    """Whether anything comes back from a host within PROBE seconds; never sooner than that where nothing does.

    Patroni's door is enough as a rule. The queue before it is short, and overflows when its process does not get on;
    Postgres's is tried as well before a host counts as silent.
    """
    ends = time.monotonic() + PROBE
    with contextlib.ExitStack() as held, selectors.DefaultSelector() as selector:
        for door, patience in ((PATRONI, FIRST), (POSTGRES, PROBE - FIRST)):
            selector.register(held.enter_context(knock(address, door)), selectors.EVENT_WRITE)
            until = time.monotonic() + patience
            # Who got no processor meanwhile still looks once: the answer may be there.
            while selector.get_map() and (ready := selector.select(max(0, until - time.monotonic()))):
                for key, _ in ready:
                    selector.unregister(key.fileobj)
                    if isinstance(key.fileobj, socket.socket) and answered(key.fileobj):
                        if door == PATRONI and context:
                            leave(key.fileobj, name, context)
                        return True
        time.sleep(max(0, ends - time.monotonic()))
    return False


def leave(connected: socket.socket, name: str, context: ssl.SSLContext) -> None:
    """Patroni logs whoever goes without a word. What it says, and whether it is Patroni, is not what was asked."""
    with contextlib.suppress(OSError):
        connected.settimeout(PROBE)
        with context.wrap_socket(connected, server_hostname=name) as secured:
            secured.sendall(b"OPTIONS /liveness HTTP/1.0\r\n\r\n")
            secured.recv(1)


@dataclass
class Host:
    """What was heard of the host of a member that is listened to."""

    name: str = ""
    address: str = ""
    heard: bool = False
    failed: int = 0


class Listener(threading.Thread):
    """Probes one host for as long as it is asked to."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(daemon=True)
        self._context = context
        self._host = Host()

    def listen_to(self, name: str, address: str) -> None:
        if (name, address) != (self._host.name, self._host.address):
            self._host = Host(name, address)

    @property
    def silent(self) -> float:
        """Seconds of probes without an answer. A host that never answered counts as one that must not be asked."""
        host = self._host
        return host.failed * PROBE if host.heard else 0.0

    def run(self) -> None:
        while True:
            host = self._host
            if host.address and not lives(host.address, host.name, self._context):
                host.failed += 1
                continue
            host.heard, host.failed = True, 0
            time.sleep(REST)
