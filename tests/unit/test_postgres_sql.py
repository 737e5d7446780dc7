"""From what a cluster should hold and what it holds to SQL."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils import postgres_sql
from ansible_collections.slipway.kit.plugins.module_utils.postgres_sql import (
    GROUP,
    StateError,
    Statement,
    check_names,
    cluster_patch,
    complaint,
    ident,
    literal,
    parse_state,
    patch_lines,
    pending_restart,
    restart_parameters,
    same_setting,
    script,
    state_query,
)
from ansible_collections.slipway.kit.plugins.module_utils.scram import verifier

PASSWORD = "a-password-of-the-test"
SHOP: dict[str, Any] = {
    "name": "shop",
    "owner": "shop_owner",
    "password": PASSWORD,
    "connection_limit": 40,
    "extensions": ["pg_trgm"],
}
REPLICATOR = {"name": "replicator", "password": PASSWORD}


def role(**changes: Any) -> dict[str, Any]:
    flags = dict.fromkeys(postgres_sql.ROLE_FLAGS, False)
    return {"login": True, **flags, "limit": 40, "verifier": verifier(PASSWORD), "groups": [GROUP], **changes}


def database(**changes: Any) -> dict[str, Any]:
    return {
        "owner": "shop_owner",
        "public": None,
        "connect": ["shop_owner"],
        "schema_owner": "shop_owner",
        "schema_public": None,
        "extensions": ["plpgsql", "pg_trgm"],
        **changes,
    }


def state(**changes: Any) -> dict[str, Any]:
    return {
        "recovery": False,
        "streaming": False,
        "cluster": {},
        "restart_only": ["max_connections", "shared_buffers"],
        "pending_restart": [],
        "settings": {"max_connections": "100", "shared_buffers": "128MB"},
        "roles": {GROUP: {}, "shop_owner": role(), "replicator": role(replication=True)},
        "databases": {
            "postgres": {"public": None, "connect": ["replicator"]},
            "template1": {"public": None},
            "shop": database(),
        },
        **changes,
    }


def plan(found: dict[str, Any]) -> list[Statement]:
    return postgres_sql.plan([SHOP], [REPLICATOR], found, make_verifier=lambda _: "SCRAM-SHA-256$made")


def sql(found: dict[str, Any]) -> list[str]:
    return [statement.sql for statement in plan(found)]


def with_role(**changes: Any) -> dict[str, Any]:
    found = state()
    found["roles"]["shop_owner"] = role(**changes)
    return found


def with_database(**changes: Any) -> dict[str, Any]:
    found = state()
    found["databases"]["shop"] = database(**changes)
    return found


def test_nothing_is_due_where_all_is_there() -> None:
    assert plan(state()) == []


def test_a_new_cluster_gets_everything_in_an_order_that_works() -> None:
    empty = state(roles={"replicator": role(replication=True)}, databases={})
    shown = [statement.shown for statement in plan(empty)]
    assert shown == [
        f"create role {GROUP}",
        "close database postgres to everybody else",
        "close database template1 to everybody else",
        "let role replicator into database postgres",
        "create role shop_owner (at most 40 connections)",
        "create database shop, owned by shop_owner",
        "close database shop to everybody else",
        "give schema public of shop to shop_owner",
        "close schema public of shop to everybody else",
        "create extension pg_trgm in shop",
    ]


def test_the_password_is_in_no_statement() -> None:
    found = state(roles={}, databases={})
    assert PASSWORD not in "".join(statement.sql + statement.shown for statement in plan(found))


def test_a_verifier_is_shown_to_nobody() -> None:
    found = state(roles={}, databases={})
    assert "SCRAM" not in "".join(statement.shown for statement in plan(found))


@pytest.mark.parametrize("stored", [None, verifier("another password"), "md5abc"])
def test_a_verifier_that_does_not_fit_is_replaced(stored: str | None) -> None:
    assert sql(with_role(verifier=stored)) == ["ALTER ROLE \"shop_owner\" PASSWORD 'SCRAM-SHA-256$made'"]


def test_an_account_that_patroni_has_not_made_is_left_to_it() -> None:
    found = state()
    del found["roles"]["replicator"]
    assert plan(found) == []


def test_a_changed_password_of_the_cluster_is_set() -> None:
    found = state()
    found["roles"]["replicator"]["verifier"] = verifier("the old one")
    assert sql(found) == ["ALTER ROLE \"replicator\" PASSWORD 'SCRAM-SHA-256$made'"]


@pytest.mark.parametrize("flag", postgres_sql.ROLE_FLAGS)
def test_a_privilege_that_somebody_gave_is_taken(flag: str) -> None:
    assert f"NO{flag.upper()}" in sql(with_role(**{flag: True}))[0]


def test_a_role_that_may_not_log_in_may_again() -> None:
    assert sql(with_role(login=False))[0].startswith('ALTER ROLE "shop_owner" LOGIN')


def test_a_changed_limit_is_set() -> None:
    assert sql(with_role(limit=-1)) == ['ALTER ROLE "shop_owner" CONNECTION LIMIT 40']


def test_a_role_is_in_the_group_of_applications_and_in_no_other() -> None:
    assert sql(with_role(groups=["pg_read_all_data"])) == [
        f'GRANT "{GROUP}" TO "shop_owner"',
        'REVOKE "pg_read_all_data" FROM "shop_owner"',
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"owner": "postgres"}, 'ALTER DATABASE "shop" OWNER TO "shop_owner"'),
        ({"public": ["CONNECT", "TEMPORARY"]}, 'REVOKE ALL ON DATABASE "shop" FROM PUBLIC'),
        ({"schema_owner": "pg_database_owner"}, 'ALTER SCHEMA public OWNER TO "shop_owner"'),
        ({"schema_public": ["USAGE"]}, "REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        (
            {"extensions": ["plpgsql"]},
            'SET search_path = public; CREATE EXTENSION "pg_trgm"; SET search_path = pg_catalog',
        ),
    ],
    ids=["owner", "public", "schema owner", "schema public", "extension"],
)
def test_a_database_is_mended(changes: dict[str, Any], expected: str) -> None:
    assert sql(with_database(**changes)) == [expected]


def test_an_extension_that_is_not_listed_stays() -> None:
    assert sql(with_database(extensions=["plpgsql", "pg_trgm", "hstore"])) == []


def test_the_script_goes_to_the_right_database_and_keeps_verifiers_out_of_logs() -> None:
    lines = script([Statement("postgres", "A", ""), Statement('o"dd', "B", ""), Statement("postgres", "C", "")])
    quiet = postgres_sql.QUIET
    assert lines == f'{quiet}A;\n\\connect "o""dd"\n{quiet}B;\n\\connect "postgres"\n{quiet}C;\n'
    assert "log_statement = 'none'" in quiet


@pytest.mark.parametrize("name", ["postgres", "replicator", GROUP, "pg_monitor", "template1"])
def test_names_of_the_cluster_are_refused(name: str) -> None:
    assert any("belongs to Postgres or the kit" in problem for problem in check_names([{**SHOP, "owner": name}]))


def test_two_applications_with_one_database_are_refused() -> None:
    problems = check_names([SHOP, {**SHOP, "owner": "other"}])
    assert len(problems) == 1
    assert "two applications state the database name 'shop'" in problems[0]


@pytest.mark.parametrize(
    ("text", "expected"), [("shop", '"shop"'), ('a"b', '"a""b"'), ("Ünï cödé; --", '"Ünï cödé; --"')]
)
def test_identifiers_are_quoted(text: str, expected: str) -> None:
    assert ident(text) == expected


@pytest.mark.parametrize("text", ["", "a\0b"])
def test_what_cannot_be_an_identifier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a name"):
        ident(text)


@pytest.mark.parametrize(("text", "expected"), [("a", "'a'"), ("it's", "'it''s'"), ("a\\'b", "E'a\\\\''b'")])
def test_literals_are_quoted(text: str, expected: str) -> None:
    assert literal(text) == expected


def test_the_query_asks_for_every_role_and_database() -> None:
    query = state_query([SHOP], [REPLICATOR])
    assert f"ARRAY['{GROUP}', 'shop_owner', 'replicator']::text[]" in query
    assert "ARRAY['postgres', 'template1', 'shop']::text[]" in query
    assert '\\connect "shop"' in query


def test_the_answer_is_read_even_where_aggregates_break_lines() -> None:
    server = {key: state()[key] for key in ("recovery", "cluster", "roles")}
    server["databases"] = {"shop": {"owner": "shop_owner"}}
    text = json.dumps(server).replace('"roles"', '\n "roles"') + '\n{"database" : "shop", "schema_owner" : "x"}\n'
    found = parse_state(text)
    assert found["databases"]["shop"] == {"owner": "shop_owner", "database": "shop", "schema_owner": "x"}
    assert found["pending_restart"] == []


@pytest.mark.parametrize("output", ["", "psql: error", "{broken", '{"other": 1}'])
def test_an_answer_that_is_none_is_an_error(output: str) -> None:
    with pytest.raises(StateError):
        parse_state(output)


def test_settings_that_are_no_longer_wanted_go_and_keys_of_others_stay() -> None:
    found = {"pause": True, "ttl": 30, "postgresql": {"parameters": {"old": 1, "same": "x"}, "use_slots": True}}
    wanted = {"ttl": 20, "postgresql": {"parameters": {"same": "x", "new": 2}}}
    assert cluster_patch(wanted, found) == {"ttl": 20, "postgresql": {"parameters": {"new": 2, "old": None}}}


def test_no_patch_where_nothing_differs() -> None:
    wanted = {"ttl": 20, "postgresql": {"parameters": {"a": 1}}}
    assert cluster_patch(wanted, {**wanted, "pause": True}) == {}


def test_a_patch_is_told_in_words() -> None:
    patch = {"ttl": 20, "postgresql": {"parameters": {"new": 2, "old": None}}}
    assert patch_lines(patch, {"postgresql": {"parameters": {"old": 1}}}) == [
        "set postgresql.parameters.new to 2",
        "remove postgresql.parameters.old (was 1)",
        "set ttl to 20",
    ]


def test_a_restart_is_for_parameters_that_need_one_and_differ() -> None:
    patch = {"postgresql": {"parameters": {"max_connections": 150, "shared_buffers": "0.125GB", "work_mem": "9MB"}}}
    assert restart_parameters(patch, state()) == ["max_connections"]


def test_a_restart_that_somebody_owes_is_seen() -> None:
    wanted = {"postgresql": {"parameters": {"max_connections": 150}}}
    assert pending_restart(wanted, state(pending_restart=["wal_buffers"])) == ["max_connections", "wal_buffers"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1GB", "1024MB", True), (True, "on", True), ("off", "on", False), (100, "100", True), ("1MB", "1kB", False)],
)
def test_settings_are_compared_by_meaning(one: Any, other: Any, same: bool) -> None:
    assert same_setting(one, other) is same


def test_a_complaint_is_short_and_has_no_verifier() -> None:
    text = "ERROR:  syntax error\nLINE 1: CREATE ROLE \"x\" PASSWORD 'SCRAM-SHA-256$4096:abc$def:ghi' FROM"
    assert complaint(text) == "ERROR:  syntax error\nLINE 1: CREATE ROLE \"x\" PASSWORD '[verifier]' FROM"
    assert complaint("Traceback (most recent call last):\n  File x\nOSError: no route") == "OSError: no route"
