"""Which members count as masters."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.community.docker.plugins.module_utils._api.errors import APIError
from ansible_collections.slipway.kit.plugins.module_utils import engine_exec
from ansible_collections.slipway.kit.plugins.modules import redis_switchover

SERVICE = {"name": "shop-broker", "container": "prod-redis-shop-broker", "port": 6510}


def leads(monkeypatch: pytest.MonkeyPatch, answer: engine_exec.Outcome | APIError) -> bool:
    def run(*_: object) -> engine_exec.Outcome:
        if isinstance(answer, APIError):
            raise answer
        return answer

    monkeypatch.setattr(engine_exec, "run", run)
    service: Any = redis_switchover.Service
    return bool(service(None, SERVICE, "prod-sentinel", 20).leads())


@pytest.mark.parametrize(
    ("output", "status", "master"),
    [
        ("# Replication\r\nrole:master\r\n", 0, True),
        ("# Replication\r\nrole:slave\r\n", 0, False),
        ("", 1, False),
        ("NOAUTH Authentication required.", 0, False),
    ],
)
def test_a_member_says_itself_whether_it_is_master(
    monkeypatch: pytest.MonkeyPatch, output: str, status: int, master: bool
) -> None:
    assert leads(monkeypatch, engine_exec.Outcome(status, output, "")) is master


@pytest.mark.parametrize(("status", "said"), [(404, "No such container"), (409, "is not running")])
def test_a_member_that_is_not_there_leads_nobody(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    assert leads(monkeypatch, APIError(said, SimpleNamespace(status_code=status))) is False


def test_an_engine_that_is_in_trouble_is_not_taken_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(APIError):
        leads(monkeypatch, APIError("no space left", SimpleNamespace(status_code=500)))
