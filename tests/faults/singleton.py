"""A singleton on several hosts: what it writes into its database tells who ran it, and when."""

from __future__ import annotations

import itertools
import time
from datetime import datetime

from tests.faults.lab import Lab, Server

#: The database of the example application.
DATABASE = "devicehub"
PROGRAM = """
import os, time, psycopg
connection = None
while True:
    try:
        if connection is None:
            connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, connect_timeout=2)
            connection.execute("CREATE TABLE IF NOT EXISTS slipway_clock (host text, at timestamptz)")
        connection.execute("INSERT INTO slipway_clock VALUES (%s, clock_timestamp())", (os.uname().nodename,))
    except psycopg.Error:
        connection = None
    time.sleep(0.1)
"""
#: What the contract says of it, as one more process of the application.
PROCESS = {
    "command": ["python", "-c", PROGRAM],
    "probe": {"command": ["true"]},
    "singleton": True,
    "observe": 0,
}


def ask(lab: Lab, statement: str) -> list[str]:
    return lab.leader().execute("postgres", "psql", "-XAtqc", statement, DATABASE).splitlines()


def host(nodename: str) -> str:
    """The server of a container: CONTAINER.HOST is what a process takes for the name of its machine."""
    return nodename.partition(".")[2]


def holder(lab: Lab, seconds: float = 60) -> Server:
    """Where it runs: whoever wrote last."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if rows := moments(lab):
            return next(server for server in lab.servers if server.name == rows[-1][0])
        time.sleep(1)
    raise AssertionError(f"the singleton has not begun within {seconds} s")


def moments(lab: Lab) -> list[tuple[str, datetime]]:
    """Which server ran it at each moment, in the order of the moments."""
    if ask(lab, "SELECT to_regclass('slipway_clock')") == [""]:
        return []
    rows = (
        line.split("|")
        for line in ask(lab, "SELECT host, to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') FROM slipway_clock ORDER BY at")
    )
    return [(host(nodename), datetime.fromisoformat(at)) for nodename, at in rows]


def moves(lab: Lab) -> list[tuple[str, str, float]]:
    """From which server to which it went, and the seconds in which nobody ran it.

    :raises AssertionError: two ran it at once, for whoever ran it before ran it again after another had begun.
    """
    found = moments(lab)
    moved = [
        (before, after, (at - last).total_seconds())
        for (before, last), (after, at) in itertools.pairwise(found)
        if before != after
    ]
    ran = [found[0][0], *(after for _, after, _ in moved)]
    assert len(ran) == len(set(ran)), f"two ran it at once, or it came back: {moved}"
    return moved


def forget(lab: Lab) -> None:
    ask(lab, "DROP TABLE IF EXISTS slipway_clock")
