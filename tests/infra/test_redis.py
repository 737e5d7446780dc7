"""Redis and Sentinel let in whom they know, and nobody by default."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.environment import Environment
from tests.infra.wire import Redis, RedisError, tls

SENTINEL = 26379


class Door:
    """Ways to a member: as a stranger, or as one of its users."""

    def __init__(self, environment: Environment, context: ssl.SSLContext, member: str) -> None:
        self.environment, self.context, self.member = environment, context, member

    @contextmanager
    def open(self, container: str, port: int) -> Iterator[Redis]:
        address = self.environment.address(container, "backbone")
        with tls(address, port, f"{container}-{self.member}", self.context) as connection:
            yield Redis(connection)

    @contextmanager
    def instance(self, instance: dict[str, Any], user: str = "") -> Iterator[Redis]:
        with self.open(f"redis-{instance['label']}", instance["port"]) as redis:
            if user:
                secret = f"redis/{instance['application']}/{instance['service']}/{user}"
                assert redis("AUTH", user, self.environment.secrets[secret]) == "OK"
            yield redis

    @contextmanager
    def sentinel(self) -> Iterator[Redis]:
        with self.open("sentinel", SENTINEL) as redis:
            assert redis("AUTH", "admin", self.environment.secrets["sentinel/admin"]) == "OK"
            yield redis


@pytest.fixture
def door(environment: Environment, context: ssl.SSLContext, member: str) -> Door:
    return Door(environment, context, member)


@pytest.mark.parametrize("command", ["PING", "INFO", "KEYS *", "CONFIG GET requirepass", "HELLO 3", "ACL WHOAMI"])
def test_a_stranger_is_refused(door: Door, instances: list[dict[str, Any]], command: str) -> None:
    for instance in instances:
        with door.instance(instance) as redis, pytest.raises(RedisError, match="NOAUTH"):
            redis(*command.split())


@pytest.mark.parametrize("command", ["PING", "INFO", "SENTINEL MASTERS", "SENTINEL RESET *", "ACL WHOAMI"])
def test_sentinel_refuses_a_stranger(door: Door, command: str) -> None:
    with door.open("sentinel", SENTINEL) as redis, pytest.raises(RedisError, match="NOAUTH"):
        redis(*command.split())


@pytest.mark.parametrize("password", ["", "default", "redis"])
def test_there_is_no_default_user(door: Door, instances: list[dict[str, Any]], password: str) -> None:
    for instance in instances:
        with door.instance(instance) as redis:
            for words in (("AUTH", password), ("AUTH", "default", password)):
                with pytest.raises(RedisError, match="WRONGPASS"):
                    redis(*words)


def test_one_service_does_not_take_the_password_of_another(
    environment: Environment, door: Door, instances: list[dict[str, Any]]
) -> None:
    first, second = instances[:2]
    foreign = environment.secrets[f"redis/{second['application']}/{second['service']}/app"]
    with door.instance(first) as redis, pytest.raises(RedisError, match="WRONGPASS"):
        redis("AUTH", "app", foreign)


def test_the_application_reads_and_writes(door: Door, instances: list[dict[str, Any]]) -> None:
    for instance in instances:
        with door.instance(instance, "app") as redis:
            assert redis("SET", "test:redis", "value", "EX", "60") == "OK"
            assert redis("GET", "test:redis") == "value"
            assert redis("DEL", "test:redis") == 1


@pytest.mark.parametrize("command", ["CONFIG GET *", "ACL LIST", "SHUTDOWN", "REPLICAOF NO ONE", "FLUSHALL", "KEYS *"])
def test_the_application_does_not_administer(door: Door, instances: list[dict[str, Any]], command: str) -> None:
    for instance in instances:
        with door.instance(instance, "app") as redis, pytest.raises(RedisError, match="NOPERM"):
            redis(*command.split())


@pytest.mark.parametrize("user", ["router", "health", "replica", "sentinel"])
def test_helpers_do_not_read_data(door: Door, instances: list[dict[str, Any]], user: str) -> None:
    for instance in instances:
        with door.instance(instance, user) as redis, pytest.raises(RedisError, match="NOPERM"):
            redis("GET", "anything")


def test_a_cache_evicts_and_a_broker_does_not(door: Door, instances: list[dict[str, Any]]) -> None:
    policies = {"cache": "allkeys-lru", "broker": "noeviction"}
    assert {instance["kind"] for instance in instances} == set(policies)
    for instance in instances:
        with door.instance(instance, "app") as redis:
            said = dict(line.split(":", 1) for line in str(redis("INFO")).splitlines() if ":" in line)
        assert said["maxmemory"] == str(instance["maxmemory"])
        assert said["maxmemory_policy"] == policies[instance["kind"]]
        assert said["aof_enabled"] == str(int(instance["kind"] == "broker"))


def test_sentinel_watches_every_service(door: Door, instances: list[dict[str, Any]], member: str) -> None:
    with door.sentinel() as sentinel:
        answer = sentinel("SENTINEL", "MASTERS")
    assert isinstance(answer, list)
    masters = [dict(zip(fields[::2], fields[1::2], strict=True)) for fields in answer]
    known = {master["name"]: (master["ip"], int(master["port"]), master["flags"]) for master in masters}
    wanted = {entry["label"]: (f"redis-{entry['label']}-{member}", entry["port"], "master") for entry in instances}
    assert known == wanted
