"""What nginx and the routers make of a contract: which paths lead where, what is quoted, what is masked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.edge import (
    haproxy_quote,
    mask_rule,
    resp_hex,
    router_view,
    site_view,
    site_views,
)


def contract(**more: Any) -> dict[str, Any]:
    web = {"command": ["serve"], "port": 8000, "probe": {"path": "/ready"}}
    return {
        "version": "1",
        "image": {"reference": "x"},
        "domains": ["shop.example"],
        "processes": {"web": web, "api": {**web, "port": 8001, "probe": {"none": "answers nobody"}}, "worker": web},
        "routes": [{"path": "/", "process": "web"}, {"path": "/api/", "process": "api", "strip": True}],
        **more,
    }


def kinds(view: dict[str, Any]) -> dict[str, str]:
    return {location["match"]: location["kind"] for location in view["locations"]}


def test_longest_prefix_is_asked_first() -> None:
    routes = [{"path": path, "process": "web"} for path in ("/", "/a", "/a/b/", "/long")]
    assert [route["base"] for route in router_view("shop", contract(routes=routes))["routes"]] == [
        "/long",
        "/a/b",
        "/a",
        "",
    ]


def test_paths_that_differ_in_a_slash_are_one_route() -> None:
    routes = [{"path": "/api/", "process": "api"}, {"path": "/api", "process": "web"}]
    assert [route["process"] for route in router_view("shop", contract(routes=routes))["routes"]] == ["api"]


def test_router_knows_only_processes_that_are_routed() -> None:
    assert [process["name"] for process in router_view("shop", contract())["processes"]] == ["api", "web"]


def test_replica_is_asked_as_its_own_probe_asks() -> None:
    full = contract()
    full["processes"]["web"]["probe"] = {"path": "/ready", "headers": {"X-Forwarded-Proto": "https"}, "body": "ok"}
    processes = {process["name"]: process for process in router_view("shop", full)["processes"]}
    assert processes["web"]["check"] == {
        "path": "/ready",
        "headers": {"Host": "shop.example", "X-Forwarded-Proto": "https"},
        "status": 200,
        "body": "ok",
    }
    assert processes["api"]["check"] is None


def test_there_is_room_for_two_versions() -> None:
    full = contract()
    full["processes"]["web"]["replicas"] = 9
    assert {process["name"]: process["slots"] for process in router_view("shop", full)["processes"]} == {
        "web": 32,
        "api": 16,
    }


def test_internal_paths_are_closed_under_every_prefix_that_is_stripped() -> None:
    found = kinds(site_view("shop", contract(internal=["/health/detail/"])))
    for path in ("/health/detail", "/api/health/detail"):
        assert found[f'= "{path}"'] == "internal"
        assert found[f'^~ "{path}/"'] == "internal"


def test_internal_wins_over_a_route_of_the_same_path() -> None:
    found = kinds(site_view("shop", contract(internal=["/api"])))
    assert (found['= "/api"'], found['^~ "/api/"'], found['"/"']) == ("internal", "internal", "proxy")


def test_what_no_route_answers_is_not_found() -> None:
    assert kinds(site_view("shop", contract(routes=[{"path": "/api", "process": "api"}])))['"/"'] == "internal"


def test_large_bodies_are_not_kept_in_memory() -> None:
    routes = [{"path": "/", "process": "web"}, {"path": "/upload", "process": "web", "max_body": "1g"}]
    streamed = {entry["path"]: entry["streamed"] for entry in site_view("shop", contract(routes=routes))["locations"]}
    assert streamed == {"/": False, "/upload": True}


@pytest.mark.parametrize(
    ("headers", "header", "from_application"),
    [
        ({}, "Content-Security-Policy", True),
        ({"csp_report_only": True}, "Content-Security-Policy-Report-Only", True),
        ({"content_security_policy": "default-src 'none'"}, "Content-Security-Policy", False),
    ],
)
def test_content_security_policy(headers: dict[str, Any], header: str, from_application: bool) -> None:
    view = site_view("shop", contract(headers=headers))
    assert (view["csp_header"], view["csp_from_application"]) == (header, from_application)


def test_applications_without_a_domain_have_no_site() -> None:
    sites = site_views({"b": contract(), "worker": contract(domains=[], routes=[]), "a": contract()})
    assert [site["name"] for site in sites] == ["a", "b"]


@pytest.mark.parametrize(
    ("mask", "path", "logged"),
    [
        ("/invite/([^/]+)", "/team/invite/s3cret/accept", "/team/invite/***/accept"),
        ("^/ws/([^/]+)/x$", "/ws/s3cret/x", "/ws/***/x"),
        ("^/ws/([^/]+)$", "/other/ws/open", "/other/ws/open"),
        (r"/(?:a|b)/\(([^)]+)\)", "/b/(s3cret)", "/b/(***)"),
        ("/t/(?P<token>[(a-z0-9]+)/(?=e)", "/t/s3cret/end", "/t/***/end"),
        ("/t/([]x]+)", "/t/]x]/end", "/t/***/end"),
        # Where the group cannot be cut out, nothing from the match on is shown.
        ("(?:/reset/([^/]+))?/confirm", "/reset/s3cret/confirm", "***"),
        ("/a/([^/]+)|/b", "/x/a/s3cret/rest", "/x***"),
    ],
)
def test_mask_hides_what_its_group_matches(mask: str, path: str, logged: str) -> None:
    rule = mask_rule(mask)
    # nginx (PCRE) writes named groups as Perl does.
    found = re.search(re.sub(r"\(\?<(?=[a-z])", "(?P<", rule["pattern"]), path)
    if not found:
        assert path == logged
        return
    rest = found["after"] if rule["keeps_rest"] else ""
    assert f"{found['before']}***{rest}" == logged


def test_no_password_needs_quoting() -> None:
    assert (
        bytes.fromhex(resp_hex("AUTH", "router", 'a "b\\ ')) == b'*3\r\n$4\r\nAUTH\r\n$6\r\nrouter\r\n$6\r\na "b\\ \r\n'
    )


def test_line_break_cannot_enter_the_routers_configuration() -> None:
    with pytest.raises(ValueError, match="line break"):
        haproxy_quote("a\nb")
