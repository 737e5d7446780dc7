"""Speak with a router (HAProxy) over its control socket: which slot holds which address, who may get new requests.

Replicas are found by Docker's DNS: whoever answers to a process's name gets a free slot, and would get requests at
once, before the first check of it has ended. So free slots are told to *drain* before a replica starts: it lands in one
of them, is checked there like any other, and gets its first request when its slot is told to be *ready*.

https://docs.haproxy.org/3.0/management.html#9.3
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Dict, Iterator, List, NamedTuple

#: ``srv_admin_state``: forced into maintenance, forced to drain. (Maintenance for want of an address is neither.)
FORCED = 0x01 | 0x08
NO_ADDRESS = ("-", "0.0.0.0", "::", "")


class Slot(NamedTuple):
    """A place for a server in a backend."""

    name: str
    address: str
    forced: bool

    @property
    def free(self) -> bool:
        return self.address in NO_ADDRESS


def slots(text: str) -> List[Slot]:
    """What ``show servers state BACKEND`` says: a version, a line of titles, a line for each slot.

    >>> slots("1\\n# be_name srv_name srv_addr srv_admin_state\\nweb replica1 172.18.0.5 0\\nweb replica2 - 40\\n")
    [Slot(name='replica1', address='172.18.0.5', forced=False), Slot(name='replica2', address='-', forced=True)]
    """
    titles: List[str] = []
    found = []
    for line in text.splitlines():
        if line.startswith("# "):
            titles = line[2:].split()
        elif titles and line.strip():
            row = dict(zip(titles, line.split()))
            found.append(Slot(row["srv_name"], row["srv_addr"], bool(int(row["srv_admin_state"]) & FORCED)))
    return found


def statistics(text: str, backend: str) -> Dict[str, Dict[str, str]]:
    """What ``show stat`` says of a backend's servers, by name.

    >>> statistics("# pxname,svname,scur,\\nweb,replica1,3,\\nweb,BACKEND,3,\\n", "web")["replica1"]["scur"]
    '3'
    """
    lines = text.lstrip("# ").splitlines()
    titles = lines[0].split(",") if lines else []
    rows = (dict(zip(titles, line.split(","))) for line in lines[1:])
    return {
        row["svname"]: row
        for row in rows
        if row.get("pxname") == backend and row["svname"] not in ("FRONTEND", "BACKEND")
    }


class Router:
    """A router on this host, by the directory of its control socket. One that does not answer raises OSError."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def ask(self, command: str) -> str:
        with _inside(self.directory), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect("admin.sock")
            connection.sendall(command.encode() + b"\n")
            parts: List[bytes] = []
            while True:
                part = connection.recv(65536)
                if not part:
                    return b"".join(parts).decode()
                parts.append(part)

    def slots(self, backend: str) -> List[Slot]:
        """Empty where the router has no such backend: no route leads to the process."""
        return slots(self.ask(f"show servers state {backend}"))

    def tell(self, backend: str, names: List[str], state: str) -> None:
        """``ready`` or ``drain``, in one go."""
        if names:
            said = self.ask(";".join(f"set server {backend}/{name} state {state}" for name in names)).strip()
            if said:
                raise OSError(f"the router refused to set {backend} {', '.join(names)} {state}: {said}")

    def statistics(self, backend: str) -> Dict[str, Dict[str, str]]:
        return statistics(self.ask("show stat"), backend)


@contextlib.contextmanager
def _inside(directory: str) -> Iterator[None]:
    """A path to a socket may have 107 characters: a short one from within its directory always fits."""
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)
