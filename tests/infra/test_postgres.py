"""Postgres: who gets in, how, and what it writes down."""

from __future__ import annotations

import json
import socket
import struct
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.environment import Environment

REPLICA = "devicehub-web-1"
OWN_CONNECTION = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def psql(
    environment: Environment, member: str, *, password: str, sslmode: str = "verify-full", user: str = "devicehub"
) -> str:
    """What psql says, inside Postgres' own container, when it comes over the network."""
    where = f"host=postgres-{member} user={user} dbname=devicehub sslmode={sslmode} sslrootcert=/run/secrets/ca.crt"
    command = f'read -r PGPASSWORD; export PGPASSWORD; psql -X -A -t -c "$0" "{where}" 2>&1; true'
    return environment.execute("postgres", "sh", "-c", command, OWN_CONNECTION, text=password + "\n").strip()


@pytest.fixture
def run(environment: Environment) -> Callable[..., str]:
    """Run SQL as the application does: in its replica, with its own driver, over one of its own URLs."""
    program = (
        "import os, sys, psycopg\n"
        "with psycopg.connect(os.environ[sys.argv[1]], autocommit=True) as connection:\n"
        "    for statement in sys.stdin.read().split(';'):\n"
        "        cursor = connection.execute(statement)\n"
        "    print('answer:', cursor.fetchone() if cursor.description else None)\n"
    )

    def execute(statements: str, variable: str = "DATABASE_DIRECT_URL") -> str:
        said = environment.manage(REPLICA, "python", "-c", program, variable, text=statements)
        return said.rsplit("answer: ", 1)[1].strip()

    return execute


def test_the_right_password_over_tls_is_let_in(environment: Environment, member: str) -> None:
    """Or the refusals below would prove nothing."""
    said = psql(environment, member, password=environment.secrets["database/devicehub"])
    assert said in ("t|TLSv1.3", "t|TLSv1.2")


def test_a_wrong_password_is_refused(environment: Environment, member: str) -> None:
    for password in ("wrong", "postgres", "devicehub", environment.secrets["postgres/replication"]):
        said = psql(environment, member, password=password)
        assert "password authentication failed" in said


def test_a_plain_connection_is_refused(environment: Environment, member: str) -> None:
    said = psql(environment, member, password=environment.secrets["database/devicehub"], sslmode="disable")
    assert "no pg_hba.conf entry" in said
    assert "no encryption" in said


def test_the_superuser_does_not_come_over_the_network(environment: Environment, member: str) -> None:
    said = psql(environment, member, password=environment.secrets["postgres/replication"], user="postgres")
    assert "no pg_hba.conf entry" in said


def test_no_method_weaker_than_scram_is_offered(environment: Environment) -> None:
    methods = environment.execute(
        "postgres", "psql", "-X", "-A", "-t", "-h", "/run/postgresql", "-U", "postgres", "-c",
        "SELECT DISTINCT type || ' ' || auth_method FROM pg_hba_file_rules",
    )  # fmt: skip
    assert set(methods.split("\n")) - {""} == {"local peer", "hostssl scram-sha-256"}


def test_the_application_is_no_superuser_and_owns_its_database(run: Callable[..., str]) -> None:
    flags = run("SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = USER")
    assert flags == "(False, False, False, False)"
    assert run("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()") == "('devicehub',)"


def test_other_databases_are_closed_to_the_application(run: Callable[..., str]) -> None:
    others = "SELECT array_agg(datname) FROM pg_database WHERE datallowconn AND datname <> current_database()"
    assert run(f"{others} AND has_database_privilege(datname, 'CONNECT')") == "(None,)"


def test_ddl_is_logged_and_data_is_not(
    environment: Environment, run: Callable[..., str], until: Callable[..., Any]
) -> None:
    name = f"test_{uuid.uuid4().hex}"
    try:
        run(f"CREATE TABLE {name} (body text); INSERT INTO {name} VALUES ('private-{name}')")  # noqa: S608 a name of our own
    finally:
        run(f"DROP TABLE IF EXISTS {name}")

    def logged() -> list[str]:
        lines = [
            json.loads(line)
            for line in environment.log("postgres").splitlines()
            if name in line and line.startswith("{")
        ]
        return [line["message"] for line in lines if "message" in line]

    until(lambda: any(f"DROP TABLE IF EXISTS {name}" in message for message in logged()))
    assert [message for message in logged() if f"CREATE TABLE {name}" in message]
    assert f"private-{name}" not in environment.log("postgres")


def test_settings_fit_the_limits_of_the_container(environment: Environment, run: Callable[..., str]) -> None:
    limit = environment.containers()["postgres"]["HostConfig"]["Memory"]
    shared = int(run("SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'").strip("(,)"))
    assert limit * 0.15 < shared < limit * 0.5
    connections = int(run("SELECT setting::int FROM pg_settings WHERE name = 'max_connections'").strip("(,)"))
    pool = environment.applications["devicehub"]["database"]["pool_size"]
    assert connections > pool


def test_patroni_is_woken_when_postgres_ends(
    environment: Environment, run: Callable[..., str], until: Callable[..., Any]
) -> None:
    """It would look by itself, but not within these sixty seconds."""
    program = (
        "import json, runpy, sys\n"
        "start = runpy.run_path('/usr/local/bin/patroni-start')\n"
        "start['configure']('/etc/patroni', json.loads(sys.argv[1]))\n"
    )

    def tune(**settings: int) -> None:
        environment.execute("postgres", "python3", "-c", program, json.dumps(settings))
        time.sleep(3)  # until it has looked

    def started() -> str:
        """When the server began that answers the application; empty where none does."""
        with suppress(RuntimeError):
            return run("SELECT pg_postmaster_start_time()", "DATABASE_URL")
        return ""

    before = started()
    assert before
    tune(ttl=120, loop_wait=60)
    try:
        environment.execute("postgres", "sh", "-c", "kill -9 $(head -1 /var/lib/postgresql/17/postmaster.pid)")
        until(lambda: started() not in ("", before), seconds=30)
    finally:
        tune(ttl=20, loop_wait=5)


def test_there_are_more_clients_than_connections(environment: Environment) -> None:
    """pgbouncer: many clients at once share few connections, and prepared statements work."""
    pool = int(environment.applications["devicehub"]["database"]["pool_size"])
    clients = pool * 3
    program = (
        "import asyncio, os, psycopg, sys\n"
        "async def ask(number):\n"
        "    url, options = os.environ['DATABASE_URL'], {'autocommit': True, 'prepare_threshold': 0}\n"
        "    async with await psycopg.AsyncConnection.connect(url, **options) as connection:\n"
        "        await meeting.wait()\n"
        "        for _ in range(3):\n"
        "            cursor = await connection.execute('SELECT %s::int, pg_backend_pid()', (number,))\n"
        "            answer, backend = await cursor.fetchone()\n"
        "            assert answer == number\n"
        "            backends.add(backend)\n"
        "async def main():\n"
        "    await asyncio.gather(*map(ask, range(clients)))\n"
        "clients, backends = int(sys.argv[1]), set()\n"
        "meeting = asyncio.Barrier(clients)\n"
        "asyncio.run(main())\n"
        "print('backends:', len(backends))\n"
    )
    said = environment.manage(REPLICA, "python", "-c", program, str(clients))
    assert 1 <= int(said.rsplit("backends: ", 1)[1]) <= pool, said


def test_the_pooler_refuses_plain_connections(environment: Environment) -> None:
    address = environment.address("pgbouncer-devicehub", "app-devicehub")
    greeting = b"\x00\x03\x00\x00user\x00devicehub\x00database\x00devicehub\x00\x00"
    with socket.create_connection((address, 6432), timeout=5) as plain:
        plain.sendall(struct.pack(">I", len(greeting) + 4) + greeting)
        assert b"SSL required" in plain.recv(4096)
