"""claimwatch from outside: what is filed through nginx is assessed by the worker, and its verdict is read back."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.environment import Environment, docker
from tests.examples.conftest import Api, logged_in

Until = Callable[..., Any]
WORKER = "claimwatch-worker-1"


@pytest.fixture(scope="module")
def tenants(environment: Environment) -> Iterator[tuple[Api, Api]]:
    """Two tenants, made by the application's own command, and gone afterwards with all they own."""
    web = environment.replicas("claimwatch", "web")[0]
    with ExitStack() as stack:

        def made() -> Api:
            name, key = f"test-{uuid.uuid4().hex[:8]}", secrets.token_urlsafe(32)
            command = ("python", "manage.py", "ensure_tenant", "--name", name, "--key-file", "/dev/stdin")
            assert "was created" in environment.manage(web, *command, text=key + "\n")
            stack.callback(environment.manage, web, "python", "manage.py", "remove_tenant", "--name", name)
            return stack.enter_context(logged_in(environment, "claimwatch", tenant=name, key=key))

        yield made(), made()


@pytest.fixture
def tenant(tenants: tuple[Api, Api]) -> Api:
    return tenants[0]


def filed(api: Api, documents: int = 1) -> str:
    claim = {"reference": uuid.uuid4().hex, "claimant": "Ada", "description": uuid.uuid4().hex, "amount": "120.50"}
    return str(api.post("/api/claims/", **claim, documents=documents)["id"])


def assessed(api: Api, claim: str) -> dict[str, Any] | None:
    found = api.get(f"/api/claims/{claim}/")
    return found if found["state"] == "assessed" else None


def test_a_claim_is_assessed_by_the_worker(environment: Environment, tenant: Api, until: Until) -> None:
    claim = filed(tenant)
    found = until(lambda: assessed(tenant, claim))
    assert (found["verdict"], found["attempts"], found["claimant"]) == ("accepted", 1, "Ada")
    assert found["worker"] == environment.execute(WORKER, "hostname").strip()


def test_a_request_id_reaches_the_worker(environment: Environment, tenant: Api, until: Until) -> None:
    body = {"reference": uuid.uuid4().hex, "claimant": "Ada", "description": uuid.uuid4().hex, "amount": "1"}
    answer = tenant.ask("POST", "/api/claims/", json=body)
    request_id = answer.headers["X-Request-ID"]

    def logged() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in environment.log(WORKER).splitlines() if request_id in line]
        return [line for line in lines if line["message"] == "assessment ends"]

    assert [line["claim"] for line in until(logged)] == [answer.json()["id"]]
    webs = "".join(environment.log(name) for name in environment.replicas("claimwatch", "web"))
    assert f'"request_id": "{request_id}"' in webs


def test_one_tenant_does_not_see_what_is_anothers(tenants: tuple[Api, Api]) -> None:
    one, other = tenants
    claim = filed(one)
    assert other.ask("GET", f"/api/claims/{claim}/").status_code == 404
    assert other.get("/api/claims/") == {"claims": []}
    assert one.get("/api/claims/")["claims"][0]["id"] == claim


def test_a_stranger_sees_nothing(environment: Environment, tenant: Api) -> None:
    claim = filed(tenant)
    with environment.session() as stranger:
        for path in ("/api/claims/", f"/api/claims/{claim}/", "/api/summary/"):
            assert stranger.get(tenant.url + path, timeout=30).status_code == 401
        assert stranger.get(f"{tenant.url}/health/detail", timeout=30).status_code == 404


def test_a_worker_that_is_stopped_ends_its_long_task(environment: Environment, tenant: Api, until: Until) -> None:
    claim = filed(tenant, documents=10)
    until(lambda: tenant.get(f"/api/claims/{claim}/")["documents_read"])
    docker("stop", f"{environment.name}-{WORKER}")  # with the grace that the contract states
    try:
        found = assessed(tenant, claim)
        assert found, "the worker left its task behind"
        assert (found["documents_read"], found["attempts"]) == (10, 1)
        waiting = filed(tenant)
        assert environment.containers()[WORKER]["State"]["ExitCode"] == 0
    finally:
        docker("start", f"{environment.name}-{WORKER}")
    until(lambda: assessed(tenant, waiting), seconds=60)


def test_the_worker_works_on_after_its_broker_went(environment: Environment, tenant: Api, until: Until) -> None:
    def ready() -> int:
        return tenant.ask("GET", "/health/ready").status_code

    broker = f"{environment.name}-redis-claimwatch-broker"
    docker("stop", broker)
    try:
        until(lambda: ready() == 503)
    finally:
        docker("start", broker)
    until(lambda: ready() == 200)
    claim = filed(tenant)
    until(lambda: assessed(tenant, claim), seconds=60)


def test_the_worker_sees_its_own_broker_only(environment: Environment) -> None:
    """Every worker and every queue that it can find over its broker is its own."""
    program = (
        "import json, os, redis\n"
        "from claimwatch.celery import app\n"
        "nodes = sorted(app.control.inspect(timeout=3).ping() or {})\n"
        "broker = redis.Redis.from_url(os.environ['BROKER_URL'])\n"
        "bound = sorted(member.decode() for member in broker.smembers('_kombu.binding.celery'))\n"
        "print('answer:', json.dumps([nodes, bound]))\n"
    )
    said = environment.manage(WORKER, "python", "-c", program)
    nodes, bound = json.loads(said.rsplit("answer: ", 1)[1])
    assert nodes == ["celery@" + environment.execute(WORKER, "hostname").strip()]
    assert [entry.rsplit("\x16", 1)[-1] for entry in bound] == ["celery"]


def test_beat_runs_once(environment: Environment, until: Until) -> None:
    assert environment.replicas("claimwatch", "beat") == ["claimwatch-beat-1"]
    other = environment.duplicate("claimwatch-beat-1", "beat-elsewhere")
    try:
        until(lambda: "standing by" in docker("logs", other))
        assert "beat: Starting" not in docker("logs", other)
        assert "beat: Starting" in environment.log("claimwatch-beat-1")
    finally:
        docker("rm", "--force", other)
