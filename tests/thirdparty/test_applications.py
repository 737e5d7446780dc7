"""Each is asked through nginx to keep something and to give it back, and shows over HTTP what its worker did."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import Until
from tests.environment import Environment

TOKEN = """
from nautobot.users.models import Token, User
user, _ = User.objects.get_or_create(username="acceptance", defaults={"is_superuser": True, "is_staff": True})
print("token", Token.objects.create(user=user).key)
"""


class Api:
    """JSON through the front door."""

    def __init__(self, environment: Environment, domain: str, session: requests.Session) -> None:
        self.base = f"https://{domain}:{environment.https_port}"
        self.session = session

    def __call__(self, method: str, path: str, **body: Any) -> Any:
        answer = self.session.request(method, f"{self.base}{path}", json=body or None, timeout=60)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()


@pytest.fixture
def nautobot(environment: Environment) -> Iterator[Api]:
    said = environment.manage("nautobot-web-1", "nautobot-server", "shell", "--command", TOKEN)
    key = said.rsplit("token ", 1)[1].strip()
    with environment.session() as session:
        session.headers["Authorization"] = f"Token {key}"
        yield Api(environment, "nautobot.localhost", session)


def test_nautobot_keeps_what_it_is_given_and_its_worker_exports_it(nautobot: Api, until: Until) -> None:
    name = f"made-{secrets.token_hex(6)}"
    made = nautobot("POST", "/api/extras/tags/", name=name, content_types=["dcim.device"])
    assert nautobot("GET", f"/api/extras/tags/{made['id']}/")["name"] == name

    kind = nautobot("GET", "/api/extras/content-types/?app_label=extras&model=tag")["results"][0]["id"]
    job = nautobot("GET", "/api/extras/jobs/?name=Export%20Object%20List")["results"][0]["id"]
    asked = nautobot("POST", f"/api/extras/jobs/{job}/run/", data={"content_type": kind, "export_format": "csv"})
    job_result = asked["job_result"]["id"]

    def ended() -> Any:
        found = nautobot("GET", f"/api/extras/job-results/{job_result}/")
        return found if found["status"]["value"] not in ("PENDING", "STARTED") else None

    done = until(ended, seconds=120, pause=1)
    assert done["status"]["value"] == "SUCCESS", done
    file = nautobot("GET", f"/api/extras/file-proxies/?job_result_id={job_result}")["results"][0]["id"]
    exported = nautobot.session.get(f"{nautobot.base}/api/extras/file-proxies/{file}/download/")
    assert name in exported.text


def test_nautobots_pages_have_their_static_files(environment: Environment, nautobot: Api) -> None:
    page = nautobot.session.get(f"{nautobot.base}/login/")
    assert page.status_code == 200
    found = {entry.split('"')[0] for entry in page.text.split('href="/static/')[1:]}
    assert found, page.text[:2000]
    for path in found:
        assert nautobot.session.get(f"{nautobot.base}/static/{path}").status_code == 200, path


@pytest.fixture
def prefect(environment: Environment) -> Iterator[Api]:
    login = base64.b64encode(environment.secrets["prefect/PREFECT_SERVER_API_AUTH_STRING"].encode()).decode()
    with environment.session() as session:
        session.headers["Authorization"] = f"Basic {login}"
        yield Api(environment, "prefect.localhost", session)


def test_prefect_keeps_what_it_is_given_and_its_scheduler_plans_runs(prefect: Api, until: Until) -> None:
    name = f"flow-{secrets.token_hex(6)}"
    flow = prefect("POST", "/api/flows/", name=name)
    assert prefect("GET", f"/api/flows/name/{name}")["id"] == flow["id"]

    schedule = {"active": True, "schedule": {"interval": 3600}}
    deployment = prefect("POST", "/api/deployments/", name=name, flow_id=flow["id"], schedules=[schedule])

    def planned() -> Any:
        return prefect("POST", "/api/flow_runs/filter", deployments={"id": {"any_": [deployment["id"]]}})

    runs = until(planned, seconds=90, pause=1)
    assert {run["state_type"] for run in runs} == {"SCHEDULED"}
    assert all(run["auto_scheduled"] for run in runs)


def test_prefect_lets_nobody_in_without_the_secret(environment: Environment, prefect: Api) -> None:
    with environment.session() as stranger:
        assert stranger.get(f"{prefect.base}/api/flows/name/any").status_code == 401
        assert stranger.get(f"{prefect.base}/api/health").json() is True
