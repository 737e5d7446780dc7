"""From one application nothing of another is reached: replicas, pooler, router, stores, secrets."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.redis_instances import redis_instances

from tests.environment import Environment
from tests.infra.needles import Needles
from tests.infra.wire import Redis, RedisError, tls, trust

APPLICATIONS = ("claimwatch", "dbconsole", "devicehub")
Target = tuple[str, int]

# Run in a replica: which of the places take a connection, which names are known.
CONNECT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor

def ask(target):
    try:
        socket.create_connection(target, timeout=2).close()
    except OSError:
        return False
    return True

with ThreadPoolExecutor(32) as pool:
    print("answer:", json.dumps(list(pool.map(ask, json.load(sys.stdin)))))
"""
RESOLVE = """
import json, socket, sys

def ask(name):
    try:
        return sorted({found[4][0] for found in socket.getaddrinfo(name, None)})
    except OSError:
        return []

print("answer:", json.dumps([ask(name) for name in json.load(sys.stdin)]))
"""
# As the application's own role, with its own driver: what other databases, and other roles, answer.
QUERY = """
import json, os, sys
from urllib.parse import urlsplit
import psycopg

parts = urlsplit(os.environ["DATABASE_DIRECT_URL"])

def ask(sql, user=parts.username, database=parts.path[1:]):
    place = f"{user}:{parts.password}@{parts.hostname}:{parts.port}"
    url = parts._replace(netloc=place, path=f"/{database}").geturl()
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return str(connection.execute(sql).fetchone())
    except psycopg.Error as error:
        return f"refused: {error}"

print("answer:", json.dumps([ask(**question) for question in json.load(sys.stdin)]))
"""


def ask(environment: Environment, container: str, program: str, question: object) -> Any:
    said = environment.manage(container, "python", "-c", program, text=json.dumps(question))
    return json.loads(said.rsplit("answer: ", 1)[1])


def owner(entry: dict[str, Any]) -> str:
    """The application that a container is there for; empty: all of them."""
    return str(entry["Config"]["Labels"].get("slipway.application", ""))


@pytest.fixture(scope="module")
def places(environment: Environment) -> dict[str, list[Target]]:
    """Container to the addresses and ports that take a connection from this machine, which reaches every bridge."""
    redis = [int(instance["port"]) for instance in redis_instances(environment.applications)]
    ports = [8000, 2379, 2380, 5432, 6432, 8008, 8080, 8404, 26379, 80, 443, *redis]
    found: dict[str, list[Target]] = {}
    for name, entry in environment.containers().items():
        addresses = [network["IPAddress"] for network in entry["NetworkSettings"]["Networks"].values()]
        found[name] = []
        for address in addresses:
            for port in ports:
                with suppress(OSError), socket.create_connection((address, port), timeout=1):
                    found[name].append((address, port))
    return found


@pytest.fixture(params=APPLICATIONS)
def application(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def others(application: str) -> list[str]:
    return [name for name in APPLICATIONS if name != application]


def replicas(environment: Environment, application: str) -> list[str]:
    """One container of each of its processes."""
    return [f"{application}-{process}-1" for process in environment.applications[application]["processes"]]


def test_no_place_of_another_takes_a_connection(
    environment: Environment, application: str, places: dict[str, list[Target]]
) -> None:
    containers = environment.containers()
    foreign = {name: found for name, found in places.items() if owner(containers[name]) != application}
    targets = [target for found in foreign.values() for target in found]
    for name in others(application):
        assert foreign[f"{name}-web-1"], "a replica of another that this machine does not reach proves nothing"
        assert foreign[f"pgbouncer-{name}"]
        assert foreign[f"router-{name}"]
    assert {"postgres", "etcd", "sentinel"} <= {name for name, found in foreign.items() if found}
    own = [("pgbouncer", 6432), ("db", 5432), *places[f"{application}-web-2"]]
    for container in replicas(environment, application):
        answers = ask(environment, container, CONNECT, [*own, *targets])
        assert answers[: len(own)] == [True] * len(own), f"{container} does not reach what is its own"
        reached = [target for target, answer in zip(targets, answers[len(own) :], strict=True) if answer]
        assert reached == [], container


def test_no_name_of_another_is_known(environment: Environment, application: str) -> None:
    containers = environment.containers()
    foreign = [f"{environment.name}-{name}" for name, entry in containers.items() if owner(entry) != application]
    container = f"{application}-web-1"
    answers = ask(environment, container, RESOLVE, [*foreign, "web", "worker", "beat", "scheduler"])
    assert answers[: len(foreign)] == [[]] * len(foreign)
    network = f"{environment.name}-app-{application}"
    own = [entry["NetworkSettings"]["Networks"].get(network, {}).get("IPAddress") for entry in containers.values()]
    assert answers[len(foreign)], "not even its own name is known"
    assert {address for found in answers[len(foreign) :] for address in found} <= set(own)


def test_no_database_of_another_is_open(environment: Environment, application: str) -> None:
    # Names of databases and roles are for all to see; what sessions of others do is not.
    seen = "SELECT count(*) FROM pg_stat_activity WHERE usename <> current_user AND query <> '<insufficient privilege>'"
    expected = {"SELECT current_user, current_database()": str((application, application)), seen: "(0,)"}
    questions = [({"sql": sql}, answer) for sql, answer in expected.items()]
    for name in others(application):
        questions += [
            ({"sql": "SELECT 1", "database": name}, "permission denied for database"),
            ({"sql": "SELECT 1", "database": name, "user": name}, "password authentication failed"),
            ({"sql": f"SET ROLE {name}"}, "permission denied to set role"),
            ({"sql": f"SELECT pg_has_role(current_user, '{name}', 'MEMBER')"}, "(False,)"),
        ]
    answers = ask(environment, f"{application}-web-1", QUERY, [question for question, _ in questions])
    for (question, expectation), answer in zip(questions, answers, strict=True):
        assert expectation in answer, question


def test_no_redis_of_another_is_behind_the_router(environment: Environment, application: str) -> None:
    instances = redis_instances(environment.applications)
    answers = ask(environment, f"{application}-web-1", CONNECT, [("redis", entry["port"]) for entry in instances])
    assert answers == [entry["application"] == application for entry in instances]


@pytest.fixture(scope="module")
def context(environment: Environment) -> ssl.SSLContext:
    return trust(environment.ca)


def test_no_redis_takes_the_password_of_another(environment: Environment, context: ssl.SSLContext) -> None:
    instances = redis_instances(environment.applications)
    member = environment.topology["redis"][0]
    passwords = {
        (entry["application"], entry["service"]): environment.secrets[
            f"redis/{entry['application']}/{entry['service']}/app"
        ]
        for entry in instances
    }
    assert len(set(passwords.values())) == len(instances)
    for entry in instances:
        label, mine = entry["label"], (entry["application"], entry["service"])
        address = environment.address(f"redis-{label}", "backbone")
        with tls(address, entry["port"], f"redis-{label}-{member}", context) as connection:
            redis = Redis(connection)
            for whose, password in passwords.items():
                if whose != mine:
                    with pytest.raises(RedisError, match="WRONGPASS"):
                        redis("AUTH", "app", password)
            assert redis("AUTH", "app", passwords[mine]) == "OK"


def secret_owner(name: str) -> str:
    """The application that a secret belongs to; empty: the environment's own."""
    first, _, rest = name.partition("/")
    owner = rest.partition("/")[0] if first in ("database", "redis", "router") else first
    return owner if owner in APPLICATIONS else ""


def test_no_secret_of_another_is_in_a_container(environment: Environment, application: str) -> None:
    """Neither in the files that are mounted nor in the environment of any process."""
    needles = Needles(environment.control_dir)
    containers = environment.containers()
    for container in replicas(environment, application):
        mounts = containers[container]["Mounts"]
        assert {mount["Type"] for mount in mounts} == {"bind"}
        sources = [Path(mount["Source"]) for mount in mounts]
        files = [path for source in sources for path in (source.rglob("*") if source.is_dir() else [source])]
        text = "".join(path.read_text(errors="replace") for path in files if path.is_file())
        text += environment.execute(container, "sh", "-c", "cat /proc/[0-9]*/environ")
        found = needles.found_in(text)
        assert f"{application}/SECRET_KEY" in found, "the search finds not even its own"
        assert f"database/{application}" in found
        assert {secret_owner(name) for name in found} == {application}, container
