"""From an application's contract to its containers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.application import ad_hoc, application_specs, hostname

SECRETS = {
    "database/shop": "p@ss/word",
    "redis/shop/cache/app": "cachepw",
    "shop/SECRET_KEY": "key",
    "shop/LICENCE": "licence",
}


def contract(**changes: Any) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "version": "1.2.0",
        "image": {"build": {"context": "examples/shop"}},
        "domains": ["shop.example.org"],
        "processes": {
            "web": {"server": "gunicorn", "application": "shop.wsgi:app", "port": 8000, "probe": {"path": "/ready"}},
            "worker": {
                "command": ["celery", "-A", "shop", "worker"],
                "order": 5,
                "probe": {"none": "Celery has no port"},
            },
        },
        "routes": [{"path": "/", "process": "web"}],
        "release": [{"name": "migrate", "command": ["python", "manage.py", "migrate"], "timeout": 300}],
        "database": {},
        "redis": {"cache": {"kind": "cache"}},
        "secrets": {"SECRET_KEY": {}, "LICENCE": {"env": False, "file": "/etc/shop/licence"}},
        "env": {"RAW": '{"a": "$HOME {{ b }} %s [1]"}'},
    }
    return {**stated, **changes}


def built(**changes: Any) -> dict[str, Any]:
    return application_specs(
        contract(**changes),
        name="shop",
        host="app1",
        image="slipway/app-shop:1",
        secrets=SECRETS,
        ca="CA",
        kit_files={"entrypoint.py": "e"},
    )


def by_name(**changes: Any) -> dict[str, dict[str, Any]]:
    return {spec["name"]: spec for spec in built(**changes)["specs"]}


def files(spec: dict[str, Any]) -> dict[str, str]:
    return {file["path"]: file["content"] for file in spec["files"]}


def test_a_routed_process_has_two_replicas_and_others_one() -> None:
    assert set(by_name()) == {"shop-web-1", "shop-web-2", "shop-worker-1"}


def test_no_two_processes_of_an_environment_take_their_machines_for_the_same() -> None:
    assert by_name()["shop-web-2"]["hostname"] == "shop-web-2.app1"
    assert ad_hoc(built()["specs"], {"command": "true"})["hostname"] == "shop-run.app1"
    assert hostname("shop-web-2", "app1.eu-central.example.com" * 3)[:17] == "shop-web-2.app1.e"
    assert len(hostname("shop-web-2", "app1.eu-central.example.com" * 3)) <= 63


def test_release_commands_have_every_volume() -> None:
    volumes = [
        {"name": "media", "path": "/srv/media"},
        {"name": "spool", "path": "/srv/spool", "processes": ["worker"]},
    ]
    made = built(volumes=volumes)
    assert [volume["source"] for volume in made["release"]["spec"]["volumes"]] == ["shop-media", "shop-spool"]
    assert [volume["source"] for volume in made["specs"][0]["volumes"]] == ["shop-media"]


def test_replicas_share_one_name_in_the_applications_network() -> None:
    assert by_name()["shop-web-2"]["networks"] == [{"name": "app-shop", "aliases": ["web"]}]


def test_secrets_are_files_and_never_environment() -> None:
    spec = by_name()["shop-web-1"]
    assert files(spec)["/etc/shop/licence"] == "licence"
    assert files(spec)["/run/secrets/SECRET_KEY"] == "key"
    visible = json.dumps({key: value for key, value in spec.items() if key != "files"})
    assert not [value for value in SECRETS.values() if f'"{value}"' in visible]
    launch = json.loads(files(spec)["/slipway/launch.json"])
    assert launch["secret_env"]["SECRET_KEY"] == "/run/secrets/SECRET_KEY"
    assert "LICENCE" not in launch["secret_env"]


def test_urls_quote_the_password_and_verify_the_server() -> None:
    content = files(by_name()["shop-web-1"])
    pooled = "postgres://shop:p%40ss%2Fword@pgbouncer:6432/shop?sslmode=verify-full&sslrootcert=/run/secrets/ca.crt"
    assert content["/run/secrets/database_url"] == pooled
    assert content["/run/secrets/database_direct_url"] == pooled.replace("pgbouncer:6432", "db:5432")
    assert content["/run/secrets/redis_cache_url"].startswith("rediss://app:cachepw@redis:")


def test_raw_environment_survives() -> None:
    assert by_name()["shop-web-1"]["env"]["RAW"] == '{"a": "$HOME {{ b }} %s [1]"}'


@pytest.mark.parametrize(
    ("process", "command"),
    [
        ({"server": "daphne"}, ["daphne", "-b", "0.0.0.0", "-p", "8000", "-v", "0", "shop.asgi:app"]),
        (
            {"server": "gunicorn", "workers": 3, "options": ["--threads", 4]},
            (
                "gunicorn --bind 0.0.0.0:8000 --workers 3 --graceful-timeout 30"
                " --worker-tmp-dir /tmp --threads 4 shop.asgi:app"
            ).split(),
        ),
        (
            {"server": "uvicorn"},
            (
                "uvicorn --host 0.0.0.0 --port 8000 --workers 1 --no-access-log"
                " --timeout-graceful-shutdown 30 shop.asgi:app"
            ).split(),
        ),
    ],
)
def test_servers(process: dict[str, Any], command: list[str]) -> None:
    web = {"application": "shop.asgi:app", "port": 8000, "probe": {"path": "/ready"}, **process}
    assert by_name(processes={"web": web})["shop-web-1"]["command"] == command


def test_probe_asks_with_the_applications_own_host() -> None:
    test = by_name()["shop-web-1"]["healthcheck"]["test"]
    assert test[:3] == ["CMD", "python3", "/slipway/probe.py"]
    assert json.loads(test[3])["headers"] == {"Host": "shop.example.org"}


def test_a_process_without_a_probe_states_why() -> None:
    assert by_name()["shop-worker-1"]["healthcheck"] == {"none": "Celery has no port"}


def test_release_runs_once_per_version_content_and_commands() -> None:
    release = built()["release"]
    assert release["spec"]["name"] == "shop-release"
    assert release["timeout"] == 420
    assert built()["release"]["key"] == release["key"]
    assert built(version="1.2.1")["release"]["key"] != release["key"]
    other = [{"name": "migrate", "command": ["flask", "db", "upgrade"]}]
    assert built(release=other)["release"]["key"] != release["key"]


def test_no_release_commands_no_release() -> None:
    assert built(release=[])["release"] == {}


CLOCK = {"command": ["clock"], "singleton": True, "probe": {"command": ["clock", "--check"]}}


def test_a_singleton_holds_a_lease_and_may_stand_by() -> None:
    specs = by_name(processes={**contract()["processes"], "clock": CLOCK})
    assert json.loads(files(specs["shop-clock-1"])["/slipway/launch.json"])["singletons"] == ["clock"]
    question = json.loads(specs["shop-clock-1"]["healthcheck"]["test"][-1])
    assert question == {"command": ["clock", "--check"], "singleton": True}
    assert specs["shop-clock-1"]["rollout"]["beside"] is False


def test_a_singleton_without_a_database_is_one_container() -> None:
    plain: dict[str, Any] = {"routes": [], "release": [], "secrets": {}, "redis": {}, "database": None}
    specs = by_name(**plain, processes={"clock": CLOCK})
    assert json.loads(files(specs["shop-clock-1"])["/slipway/launch.json"])["singletons"] == []
    assert specs["shop-clock-1"]["healthcheck"]["test"] == ["CMD", "clock", "--check"]
