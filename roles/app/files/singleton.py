"""Run a process while nobody else in the environment runs it: for as long as this container holds its lease.

The lease is a row in the application's database. Whoever finds it free, ended or not renewed for FENCE seconds takes
it, starts the process, and renews it every BEAT seconds. A holder that could not renew it for LOSE seconds kills the
process, well before anybody else may take the lease: there are never two, and for want of a database there is none.
All others stand by, which the probe takes for ready. Only the database's clock is read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

BEAT, LOSE, KILL, FENCE = 2.0, 8.0, 2.0, 15.0
STANDBY = Path("/tmp/slipway-standby")
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)

TABLE = """
CREATE SCHEMA IF NOT EXISTS slipway;
CREATE TABLE IF NOT EXISTS slipway.singleton (
    process text PRIMARY KEY, holder text NOT NULL, host text NOT NULL,
    renewed_at timestamptz NOT NULL, ended boolean NOT NULL
);
"""
TAKE = """
INSERT INTO slipway.singleton AS held (process, holder, host, renewed_at, ended)
VALUES (%(process)s, %(holder)s, %(host)s, clock_timestamp(), false)
ON CONFLICT (process) DO UPDATE
SET holder = excluded.holder, host = excluded.host, renewed_at = excluded.renewed_at, ended = false
WHERE held.ended OR held.holder = excluded.holder
   OR held.renewed_at < clock_timestamp() - %(fence)s * interval '1 second'
RETURNING holder
"""
RENEW = """
UPDATE slipway.singleton SET renewed_at = clock_timestamp(), ended = %(ended)s
WHERE process = %(process)s AND holder = %(holder)s AND NOT ended RETURNING holder
"""


class Lease:
    """The row of one process. What goes wrong raises, and the next question asks over a new connection."""

    def __init__(self, process, connect):
        self.connect = connect
        self.connection = None
        self.values = {"process": process, "holder": uuid.uuid4().hex, "host": os.uname().nodename, "fence": FENCE}

    def ask(self, statement, **more):
        try:
            if self.connection is None:
                self.connection = self.connect()
                with self.connection.cursor() as cursor:
                    cursor.execute(TABLE)
            with self.connection.cursor() as cursor:
                cursor.execute(statement, {**self.values, **more})
                return cursor.fetchone() is not None
        except Exception:
            with contextlib.suppress(Exception):
                self.connection.close()
            self.connection = None
            raise

    def take(self):
        return self.ask(TAKE)

    def renew(self):
        return self.ask(RENEW, ended=False)

    def end(self):
        with contextlib.suppress(Exception):
            self.ask(RENEW, ended=True)


class Keeper(threading.Thread):
    """Renews the lease on the side: a question that hangs must not keep the process alive."""

    def __init__(self, lease, asked):
        super().__init__(daemon=True)
        self.lease = lease
        self.until = asked + LOSE
        self.lost = False
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(BEAT):
            asked = time.monotonic()
            with contextlib.suppress(Exception):
                if not self.lease.renew():
                    self.lost = True
                    return
                self.until = asked + LOSE

    @property
    def held(self):
        return not self.lost and time.monotonic() < self.until


def stand_by(lease, say):
    """Until the lease is ours; returns when it was asked for."""
    STANDBY.touch()
    told = False
    while True:
        asked = time.monotonic()
        try:
            if lease.take():
                return asked
        except Exception as error:  # noqa: BLE001 whichever driver the application has, it says so in classes of its own
            say("warning", f"the lease of this singleton cannot be asked for: {str(error).strip()}")
        if not told:
            say("info", "another container runs this singleton; standing by")
            told = True
        time.sleep(1)


def kill(child):
    """The process and whatever it started: first asked to, then at once."""
    for number, patience in ((signal.SIGTERM, KILL), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)


def run(process, command, connect, say):
    """Stand by, run the command for as long as the lease is held, and end as the command ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    lease = Lease(process, connect)
    keeper = Keeper(lease, stand_by(lease, say))
    try:
        child = subprocess.Popen(command, start_new_session=True)
    except OSError as error:
        lease.end()
        say("error", f"cannot start {command[0]}: {error.strerror}")
        sys.exit(1)
    for number in FORWARDED:
        signal.signal(number, lambda received, _: child.send_signal(received))
    keeper.start()
    STANDBY.unlink(missing_ok=True)
    say("info", "this container runs the singleton now")
    while child.poll() is None and keeper.held:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.2)
    ended = child.poll()
    kill(child)
    keeper.done.set()
    keeper.join(BEAT)
    if ended is None:
        say(
            "error",
            f"the lease of this singleton could not be renewed for {LOSE:.0f} s, or is another's: process killed",
        )
        sys.exit(1)
    lease.end()
    sys.exit(ended if ended >= 0 else 128 - ended)
