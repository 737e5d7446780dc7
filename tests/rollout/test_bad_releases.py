"""Releases that cannot work, each under load: nobody notices, the version before serves, and the message says why."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.environment import Environment
from tests.faults.lab import Lab
from tests.rollout.conftest import Deploy
from tests.rollout.deploying import serving
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


#: What a contract is changed to, and what the deploy then says. ENV, FIRST and LAST are the names of the environment
#: and of its first and last host.
CASES = {
    "it exits at its start": (
        web("echo the disk is on fire; exit 3"),
        ["exchange ENV-devicehub-web-1 on FIRST failed", "the disk is on fire"],
    ),
    "it is never ready": (
        web("echo nobody listens; exec sleep 600"),
        ["exchange ENV-devicehub-web-1 on FIRST failed", "not ready after", "nobody listens"],
    ),
    "it is ready and then ends": (
        web(
            f"{SERVE} & until python3 -c '{LISTENS}'; do sleep 0.2; done 2> /dev/null; sleep 4;"
            " kill -9 $!; echo out of memory; exit 9",
            observe=8,
        ),
        ["exchange ENV-devicehub-web-1 on FIRST failed", "within its observation time", "out of memory"],
    ),
    "the second replica does not start": (
        web(f"case $(hostname) in *-2.*) echo no second one; exit 1;; esac; exec {SERVE}"),
        ["exchange ENV-devicehub-web-2 on FIRST failed", "no second one"],
    ),
    "the last host's replica does not start": (
        web(f"case $(hostname) in *.LAST) echo not here; exit 1;; esac; exec {SERVE}"),
        ["exchange ENV-devicehub-web-1 on LAST failed", "not here"],
    ),
    "its release command fails": (
        release("echo column exists already; exit 1"),
        ["devicehub-release", "column exists already"],
    ),
    "its replica fails after a release": (
        {**release("echo done", expand=True), **web("exit 1")},
        [
            "exchange ENV-devicehub-web-1 on FIRST failed",
            "The release command migrate ran",
            "can live with what it did",
        ],
    ),
    "a check of it fails": (
        {"checks": [{"name": "judge", "command": ["sh", "-c", "echo DEBUG is on; exit 1"]}], **release("true")},
        ["devicehub-checks", "DEBUG is on"],
    ),
}


@pytest.fixture(autouse=True)
def _nobody_notices(environment: Environment, lab: Lab | None, load: Load, replicas: dict[str, str]) -> Iterator[None]:
    """Whatever a test does: no request is lost, and the same containers serve as before."""
    yield
    load.settle()
    assert load.report.problems() == []
    assert serving(environment, lab) == replicas


#: What `make test` tries, too.
BOUNDED = ("the second replica does not start", "a check of it fails")


@pytest.mark.parametrize("case", [pytest.param(c, marks=[] if c in BOUNDED else [pytest.mark.long]) for c in CASES])
def test_a_bad_release_harms_nobody(environment: Environment, deploy: Deploy, case: str) -> None:
    hosts = environment.topology["app"]
    stated = json.dumps(CASES[case])
    for word, name in {"ENV": environment.name, "FIRST": hosts[0], "LAST": hosts[-1]}.items():
        stated = stated.replace(word, name)
    contract, words = json.loads(stated)
    outcome = deploy(contract=contract)
    assert outcome.status != 0, outcome.said[-3000:]
    assert [word for word in words if word not in outcome.said] == [], outcome.said[-3000:]


@pytest.mark.long
def test_a_wrong_secret_harms_nobody(environment: Environment, deploy: Deploy) -> None:
    wrong = secrets.token_hex(20)
    outcome = deploy("-e", json.dumps({"secrets_given": {"database/devicehub": wrong}}), contract=web(f"exec {SERVE}"))
    assert outcome.status != 0
    failed = f"exchange {environment.name}-devicehub-web-1 on {environment.topology['app'][0]} failed"
    assert failed in outcome.said, outcome.said[-3000:]
    assert "authentication failed" in outcome.said, outcome.said[-3000:]
    assert wrong not in outcome.said


def test_a_missing_image_harms_nobody(deploy: Deploy) -> None:
    outcome = deploy("-e", f"reference=registry.invalid/devicehub@sha256:{'0' * 64}")
    assert outcome.status != 0
    assert "registry.invalid" in outcome.said, outcome.said[-3000:]
