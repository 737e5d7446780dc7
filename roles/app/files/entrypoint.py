#!/usr/bin/env python3
"""Start a process of an application: secrets into its environment, no pending migrations, then ``exec``.

``launch.json`` beside this file says what to do; the process's own command is this script's arguments. It runs with the
application's own Python (3.9 or newer) and needs nothing but that and, where a database lock is taken, psycopg or
psycopg2.

``SLIPWAY_RUN=release`` has it run the release commands instead: in order, once per release key, under an advisory lock.
``SLIPWAY_RUN=checks`` has it run the commands that judge a new version, all of them; ``command`` has it run its
arguments whether or not migrations are pending. A singleton runs under a lease: see singleton.py beside this file.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.json")
LEDGER = """
CREATE SCHEMA IF NOT EXISTS slipway;
CREATE TABLE IF NOT EXISTS slipway.release (
    key text NOT NULL, step text NOT NULL, version text NOT NULL, finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key, step)
);
"""


def say(level, message, **more):
    """One JSON line on stdout, like the application's own log."""
    print(json.dumps({"level": level, "logger": "slipway.entrypoint", "message": message, **more}), flush=True)


def fail(message, **more):
    say("error", message, **more)
    sys.exit(1)


def export_secrets(secret_env):
    for name, path in secret_env.items():
        try:
            os.environ[name] = Path(path).read_text()
        except OSError as error:
            fail(f"secret {name} cannot be read: {error.strerror}: {path}")


def driver():
    for name in ("psycopg", "psycopg2"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return fail("the application's image has neither psycopg nor psycopg2, which the migration lock needs")


def connect_once(launch):
    """Over the direct URL, past the pooler."""
    connection = driver().connect(Path(launch["lock_url_file"]).read_text(), connect_timeout=5)
    connection.autocommit = True
    return connection


def connect(launch):
    """A database that is starting or failing over gets patience."""
    psycopg, patience = driver(), launch["patience"]
    deadline = time.monotonic() + patience
    while True:
        try:
            return connect_once(launch)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                fail(f"the database did not answer within {patience} s: {str(error).strip()}")
            time.sleep(1)


@contextlib.contextmanager
def lock(launch):
    """Hold the application's advisory lock; it ends with the connection, so a killed holder never leaves it behind."""
    key = int.from_bytes(hashlib.sha256(f"slipway/{launch['application']}".encode()).digest()[:8], "big", signed=True)
    connection = connect(launch)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (key,))
            yield cursor
    finally:
        connection.close()


def run(command, timeout=None):
    try:
        return subprocess.run(command, timeout=timeout, check=False).returncode
    except FileNotFoundError:
        fail(f"command not found: {command[0]}")
    except subprocess.TimeoutExpired:
        fail(f"gave up after {timeout} s: {' '.join(command)}")


def migrate_on_start(launch):
    migrations = launch["migrations"]
    with lock(launch):
        if run(migrations["check"]) == 0:
            say("info", "no migration is pending")
            return
        say("info", "migrating", command=" ".join(migrations["apply"]))
        status = run(migrations["apply"])
        if status != 0:
            fail(f"the migration ended with status {status}; not serving", command=" ".join(migrations["apply"]))


def refuse_pending_migrations(launch):
    check = launch["migrations"]["check"]
    status = run(check)
    if status == -signal.SIGKILL:
        fail("the check for migrations was killed, for want of memory it seems; not serving", command=" ".join(check))
    if status != 0:
        fail(
            f"migrations are pending, or the check could not run (status {status}); not serving."
            " Deploy with the release phase, which migrates, or set migrations.on_start.",
            command=" ".join(check),
        )


def release(launch):
    wanted = launch["release"]
    with lock(launch) as cursor:
        cursor.execute(LEDGER)
        for step in wanted["commands"]:
            cursor.execute("SELECT 1 FROM slipway.release WHERE key = %s AND step = %s", (wanted["key"], step["name"]))
            if cursor.fetchone():
                say("info", f"release step {step['name']} already ran for version {launch['version']}")
                continue
            say("info", f"release step {step['name']} starts", command=" ".join(step["command"]))
            status = run(step["command"], step["timeout"])
            if status != 0:
                fail(f"release step {step['name']} ended with status {status}", command=" ".join(step["command"]))
            cursor.execute(
                "INSERT INTO slipway.release (key, step, version) VALUES (%s, %s, %s)",
                (wanted["key"], step["name"], launch["version"]),
            )
            say("info", f"release step {step['name']} done")


def checks(launch):
    failed = []
    for check in launch["checks"]:
        say("info", f"check {check['name']} starts", command=" ".join(check["command"]))
        status = run(check["command"], check["timeout"])
        if status != 0:
            failed.append(f"{check['name']} ended with status {status}")
    if failed:
        fail(f"the new version does not pass: {', '.join(failed)}")


def main():
    launch = json.loads(LAUNCH.read_text())
    export_secrets(launch["secret_env"])
    wanted = os.environ.pop("SLIPWAY_RUN", "")
    one_off = {"release": release, "checks": checks}.get(wanted)
    if one_off:
        one_off(launch)
        return
    if launch.get("migrations") and wanted != "command":
        (migrate_on_start if launch["migrations"]["on_start"] else refuse_pending_migrations)(launch)
    command, process = sys.argv[1:], os.environ.get("SLIPWAY_PROCESS")
    if process in launch["singletons"] and wanted != "command":
        importlib.import_module("singleton").run(process, command, lambda: connect_once(launch), say)
    try:
        os.execvp(command[0], command)  # noqa: S606 the command is the contract's own
    except OSError as error:
        fail(f"cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
