"""Releases that cannot work, each under load: nobody notices, the version before serves, and the message says why."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.environment import Environment
from tests.rollout.conftest import Deploy, serving
from tests.rollout.load import Load

SERVE = " ".join(
    (
        "python -m devicehub.serve --bind 0.0.0.0 --port 8000 --websocket-max-message-size 16384 -v 0",
        "devicehub.asgi:application",
    )
)
LISTENS = 'import socket; socket.create_connection(("127.0.0.1", 8000))'


def web(command: str, **more: Any) -> dict[str, Any]:
    probe = {"start_period": 1, "interval": 1, "retries": 1, "timeout": 1}
    return {"processes": {"web": {"command": ["sh", "-c", command], "probe": probe, **more}}}


def release(command: str, **more: Any) -> dict[str, Any]:
    return {"release": [{"name": "migrate", "command": ["sh", "-c", command], **more}]}


CASES = {
    "it exits at its start": (
        web("echo the disk is on fire; exit 3"),
        ["exchange roll-devicehub-web-1", "node1", "the disk is on fire"],
    ),
    "it is never ready": (
        web("echo nobody listens; exec sleep 600"),
        ["exchange roll-devicehub-web-1", "not ready after", "nobody listens"],
    ),
    "it is ready and then ends": (
        web(
            f"{SERVE} & until python3 -c '{LISTENS}'; do sleep 0.2; done 2> /dev/null; sleep 4;"
            " kill -9 $!; echo out of memory; exit 9",
            observe=8,
        ),
        ["exchange roll-devicehub-web-1", "within its observation time", "out of memory"],
    ),
    "the second replica does not start": (
        web(f"case $(hostname) in *-2.*) echo no second one; exit 1;; esac; exec {SERVE}"),
        ["exchange roll-devicehub-web-2", "no second one"],
    ),
    "its release command fails": (
        release("echo column exists already; exit 1"),
        ["devicehub-release", "column exists already"],
    ),
    "its replica fails after a release": (
        {**release("echo done", expand=True), **web("exit 1")},
        ["exchange roll-devicehub-web-1", "The release command migrate ran", "can live with what it did"],
    ),
    "a check of it fails": (
        {"checks": [{"name": "judge", "command": ["sh", "-c", "echo DEBUG is on; exit 1"]}], **release("true")},
        ["devicehub-checks", "DEBUG is on"],
    ),
}


@pytest.fixture(autouse=True)
def _nobody_notices(environment: Environment, load: Load, replicas: dict[str, str]) -> Iterator[None]:
    """Whatever a test does: no request is lost, and the same containers serve as before."""
    yield
    load.settle()
    assert load.report.problems() == []
    assert serving(environment) == replicas


#: What `make test` tries, too.
BOUNDED = ("the second replica does not start", "a check of it fails")


@pytest.mark.parametrize("case", [pytest.param(c, marks=[] if c in BOUNDED else [pytest.mark.long]) for c in CASES])
def test_a_bad_release_harms_nobody(deploy: Deploy, case: str) -> None:
    contract, words = CASES[case]
    outcome = deploy(contract=contract)
    assert outcome.status != 0, outcome.said[-3000:]
    assert [word for word in words if word not in outcome.said] == [], outcome.said[-3000:]


@pytest.mark.long
def test_a_wrong_secret_harms_nobody(deploy: Deploy) -> None:
    wrong = secrets.token_hex(20)
    outcome = deploy("-e", json.dumps({"secrets_given": {"database/devicehub": wrong}}), contract=web(f"exec {SERVE}"))
    assert outcome.status != 0
    assert "exchange roll-devicehub-web-1 on node1 failed" in outcome.said, outcome.said[-3000:]
    assert "authentication failed" in outcome.said, outcome.said[-3000:]
    assert wrong not in outcome.said


def test_a_missing_image_harms_nobody(deploy: Deploy) -> None:
    outcome = deploy("-e", f"reference=registry.invalid/devicehub@sha256:{'0' * 64}")
    assert outcome.status != 0
    assert "registry.invalid" in outcome.said, outcome.said[-3000:]
