"""The database and the Redis services: names, URLs and parts, pooled and direct."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.contract.conftest import Application
from tests.environment import Environment


@pytest.mark.parametrize("variable", ["DB_URL", "DB_DIRECT_URL"])
def test_the_database_is_the_one_that_is_named(mirror: Application, variable: str) -> None:
    found = mirror.ask("database", variable=variable)
    assert (found["name"], found["user"]) == ("mirror_data", "mirror_owner")


def test_extensions_are_there(mirror: Application) -> None:
    assert {"pg_trgm", "postgis"} <= set(mirror.ask("database", variable="DB_URL")["extensions"])


def test_each_part_is_that_of_the_url(mirror: Application) -> None:
    environ = mirror.ask("facts")["environ"]
    pooled, direct = urlsplit(environ["DB_URL"]), urlsplit(environ["DB_DIRECT_URL"])
    assert (environ["DB_HOST"], environ["DB_PORT"]) == (pooled.hostname, str(pooled.port))
    assert (environ["DB_DIRECT_HOST"], environ["DB_DIRECT_PORT"]) == (direct.hostname, str(direct.port))
    assert (environ["DB_NAME"], environ["DB_USER"]) == ("mirror_data", "mirror_owner")
    assert (pooled.username, pooled.password) == (environ["DB_USER"], environ["DB_PASSWORD"])
    assert pooled.path == direct.path == "/mirror_data"
    assert mirror.ask("database-by-parts") == {"pooled": 1, "direct": 1}


def test_the_pool_is_of_the_size_that_is_stated(environment: Environment) -> None:
    settings = environment.execute("pgbouncer-mirror", "cat", "/etc/pgbouncer/pgbouncer.ini")
    assert "mirror_data" in settings
    assert "pool_size=5" in settings.replace(" ", "")


@pytest.mark.parametrize("variable", ["CACHE_URL", "JOBS_URL"])
def test_redis_answers_by_its_url(mirror: Application, variable: str) -> None:
    assert mirror.ask("redis", variable=variable) == "seen"


def test_redis_answers_by_its_parts(mirror: Application) -> None:
    environ = mirror.ask("facts")["environ"]
    assert (environ["JOBS_PORT"], urlsplit(environ["JOBS_URL"]).port) == ("6577", 6577)
    assert mirror.ask("redis-by-parts", prefix="JOBS")


def test_redis_is_found_by_asking_sentinel(mirror: Application, environment: Environment) -> None:
    assert mirror.ask("facts")["environ"]["JOBS_SENTINELS"] == "sentinel:26379"
    found = mirror.ask("sentinel", prefix="JOBS")
    assert found == {"address": ["redis-mirror-jobs-node1", 6577], "value": "kept", "failover": "no permission"}


def test_a_cache_evicts_and_a_broker_does_not(environment: Environment) -> None:
    for service, policy in (("cache", "allkeys-lru"), ("jobs", "noeviction")):
        settings = environment.execute(f"redis-mirror-{service}", "cat", "/etc/redis/redis.conf")
        assert f"maxmemory-policy {policy}" in settings
        assert f"maxmemory {16 * 2**20}" in settings
