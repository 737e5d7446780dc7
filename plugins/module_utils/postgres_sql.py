"""What a Postgres cluster should hold, compared with what it holds, as SQL for psql's standard input. Pure functions.

No password is in any of it: a role is given a verifier that was computed here, and a verifier that still fits its
password is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .scram import matches, verifier

#: The role whose members pg_hba lets in from the network.
GROUP = "slipway_application"
RESERVED = frozenset((GROUP, "postgres", "replicator", "template0", "template1", "public", "none"))
ROLE_FLAGS = ("superuser", "createdb", "createrole", "replication", "bypassrls")
#: Statements that carry a verifier are written to no log, whatever the server logs.
QUIET = (
    "SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_min_error_statement = 'panic';"
    " SET search_path = pg_catalog;\n"
)

#: The state of a cluster that does not run yet, for check mode.
NOTHING: dict[str, Any] = {
    "recovery": False,
    "streaming": False,
    "followers": 0,
    "cluster": {},
    "restart_only": [],
    "pending_restart": [],
    "settings": {},
    "roles": {},
    "databases": {},
}


class StateError(ValueError):
    """What psql printed is not the answer that was asked for."""


@dataclass(frozen=True)
class Statement:
    """One change: where it runs, the SQL, and the words that a person may see."""

    database: str
    sql: str
    shown: str


def ident(name: str) -> str:
    """A name as a quoted identifier.

    >>> ident('a"b')
    '"a""b"'
    """
    if not name or "\0" in name:
        raise ValueError("a name is empty or has a null character in it.")
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal(value: str) -> str:
    """A text as a literal, whatever standard_conforming_strings is.

    >>> literal("it's"), literal("a\\\\b")
    ("'it''s'", "E'a\\\\\\\\b'")
    """
    if "\0" in value:
        raise ValueError("a text has a null character in it.")
    escaped = value.replace("'", "''")
    return f"E'{escaped}'".replace("\\", "\\\\") if "\\" in value else f"'{escaped}'"


def _array(values: Sequence[str]) -> str:
    return f"ARRAY[{', '.join(map(literal, values))}]::text[]"


_SERVER = """\
SELECT json_build_object(
  'recovery', pg_is_in_recovery(),
  'streaming', EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'),
  'followers', (SELECT count(*) FROM pg_stat_replication),
  'cluster', pg_read_file('patroni.dynamic.json', true)::json,
  'restart_only', (SELECT json_agg(name) FROM pg_settings WHERE context = 'postmaster'),
  'pending_restart', (SELECT json_agg(name) FROM pg_settings WHERE pending_restart),
  'settings', (SELECT json_object_agg(name, current_setting(name)) FROM pg_settings WHERE context = 'postmaster'),
  'roles', (
    SELECT json_object_agg(rolname, json_build_object(
      'login', rolcanlogin, 'superuser', rolsuper, 'createdb', rolcreatedb, 'createrole', rolcreaterole,
      'replication', rolreplication, 'bypassrls', rolbypassrls, 'limit', rolconnlimit, 'verifier', rolpassword,
      'groups', (SELECT json_agg(g.rolname) FROM pg_auth_members m JOIN pg_authid g ON g.oid = m.roleid
                 WHERE m.member = a.oid)))
    FROM pg_authid a WHERE rolname = ANY ({roles})),
  'databases', (
    SELECT json_object_agg(datname, json_build_object(
      'owner', pg_get_userbyid(datdba),
      'public', (SELECT json_agg(privilege_type ORDER BY privilege_type)
                 FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0),
      'connect', (SELECT json_agg(pg_get_userbyid(grantee))
                  FROM aclexplode(coalesce(datacl, acldefault('d', datdba)))
                  WHERE grantee <> 0 AND privilege_type = 'CONNECT')))
    FROM pg_database WHERE datname = ANY ({databases})));
"""

_DATABASE = """\
SELECT EXISTS (SELECT FROM pg_database WHERE datname = {name}) AS there \\gset
\\if :there
\\connect {identifier}
SET search_path = pg_catalog;
SELECT json_build_object(
  'database', {name},
  'schema_owner', (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'),
  'schema_public', (SELECT json_agg(privilege_type ORDER BY privilege_type) FROM pg_namespace,
                    aclexplode(coalesce(nspacl, acldefault('n', nspowner))) WHERE nspname = 'public' AND grantee = 0),
  'extensions', (SELECT json_agg(extname) FROM pg_extension));
\\endif
"""


def state_query(databases: Sequence[Mapping[str, Any]], accounts: Sequence[Mapping[str, Any]]) -> str:
    """One script for psql that prints the whole state, one JSON document a line."""
    roles = [GROUP, *(entry["owner"] for entry in databases), *(entry["name"] for entry in accounts)]
    names = ["postgres", "template1", *(entry["name"] for entry in databases)]
    server = _SERVER.format(roles=_array(roles), databases=_array(names))
    parts = [QUIET, server]
    parts += [_DATABASE.format(name=literal(entry["name"]), identifier=ident(entry["name"])) for entry in databases]
    return "".join(parts)


def parse_state(output: str) -> dict[str, Any]:
    """What :func:`state_query` printed.

    :raises StateError: when there is something else.
    """
    try:
        documents = [json.loads(line) for line in _documents(output)]
    except ValueError as error:
        raise StateError(f"psql printed what is not JSON: {error}") from error
    if not documents or "recovery" not in documents[0]:
        raise StateError("psql printed no state.")
    state: dict[str, Any] = dict(documents[0])
    for key in ("roles", "databases", "settings"):
        state[key] = state.get(key) or {}
    for key in ("restart_only", "pending_restart"):
        state[key] = state.get(key) or []
    state["cluster"] = state.get("cluster") or {}
    for found in documents[1:]:
        state["databases"][found["database"]].update(found)
    return state


def _documents(output: str) -> list[str]:
    """Documents that json_build_object printed over several lines (an aggregate breaks lines), each on one."""
    found: list[str] = []
    for line in output.splitlines():
        if line.startswith("{"):
            found.append(line)
        elif line.strip() and found:
            found[-1] += line
    return found


def check_names(databases: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the names of databases and owners."""
    problems = []
    seen: dict[str, str] = {}
    for entry in databases:
        for kind in ("name", "owner"):
            value = str(entry[kind])
            if value in RESERVED or value.startswith("pg_"):
                problems.append(
                    f"the name {value!r} belongs to Postgres or the kit. Mend: state another database {kind}."
                )
            holder = f"{kind} {value}"
            if holder in seen:
                problems.append(
                    f"two applications state the database {kind} {value!r}. Mend: a database and a role for each."
                )
            seen[holder] = value
    return problems


def plan(
    databases: Sequence[Mapping[str, Any]],
    accounts: Sequence[Mapping[str, Any]],
    state: Mapping[str, Any],
    make_verifier: Callable[[str], str] = verifier,
) -> list[Statement]:
    """The statements that lead from ``state`` to what is wanted; none when nothing differs.

    :param databases: dictionaries with name, owner, password, connection_limit and extensions.
    :param accounts: dictionaries with name and password: roles of the cluster itself, which Patroni makes and whose
        passwords may change.
    """
    statements: list[Statement] = []
    roles = state["roles"]
    if GROUP not in roles:
        statements.append(Statement("postgres", f"CREATE ROLE {ident(GROUP)} NOLOGIN", f"create role {GROUP}"))
    for name in ("postgres", "template1"):
        statements += _closed(name, state["databases"].get(name))
    for entry in accounts:
        statements += _account(entry, state, make_verifier)
    for entry in databases:
        statements += _role(entry, roles.get(entry["owner"]), make_verifier)
        statements += _database(entry, state["databases"].get(entry["name"]))
    return statements


def _closed(name: str, found: Optional[Mapping[str, Any]]) -> list[Statement]:
    if found is not None and not found.get("public"):
        return []
    return [
        Statement(
            "postgres", f"REVOKE ALL ON DATABASE {ident(name)} FROM PUBLIC", f"close database {name} to everybody else"
        )
    ]


def _account(
    entry: Mapping[str, Any], state: Mapping[str, Any], make_verifier: Callable[[str], str]
) -> list[Statement]:
    name = entry["name"]
    found = state["roles"].get(name)
    if found is None:
        return []
    statements = []
    if not matches(entry["password"], found["verifier"]):
        statements.append(
            Statement(
                "postgres",
                f"ALTER ROLE {ident(name)} PASSWORD {literal(make_verifier(entry['password']))}",
                f"change the password of role {name}",
            )
        )
    if name not in (state["databases"].get("postgres", {}).get("connect") or []):
        # pg_rewind logs in there.
        statements.append(
            Statement(
                "postgres",
                f"GRANT CONNECT ON DATABASE postgres TO {ident(name)}",
                f"let role {name} into database postgres",
            )
        )
    return statements


def _role(
    entry: Mapping[str, Any], found: Optional[Mapping[str, Any]], make_verifier: Callable[[str], str]
) -> list[Statement]:
    name, limit = entry["owner"], int(entry["connection_limit"])
    flags = " ".join(["LOGIN", *(f"NO{flag.upper()}" for flag in ROLE_FLAGS)])
    if found is None:
        password = literal(make_verifier(entry["password"]))
        sql = f"CREATE ROLE {ident(name)} {flags} CONNECTION LIMIT {limit} PASSWORD {password} IN ROLE {ident(GROUP)}"
        return [Statement("postgres", sql, f"create role {name} (at most {limit} connections)")]
    statements = []
    if not found["login"] or any(found[flag] for flag in ROLE_FLAGS):
        statements.append(
            Statement("postgres", f"ALTER ROLE {ident(name)} {flags}", f"take privileges from role {name}")
        )
    if found["limit"] != limit:
        statements.append(
            Statement(
                "postgres",
                f"ALTER ROLE {ident(name)} CONNECTION LIMIT {limit}",
                f"limit role {name} to {limit} connections (was {found['limit']})",
            )
        )
    if GROUP not in (found["groups"] or []):
        statements.append(
            Statement("postgres", f"GRANT {ident(GROUP)} TO {ident(name)}", f"put role {name} in {GROUP}")
        )
    statements += [
        Statement("postgres", f"REVOKE {ident(group)} FROM {ident(name)}", f"take role {name} out of {group}")
        for group in found["groups"] or []
        if group != GROUP
    ]
    if not matches(entry["password"], found["verifier"]):
        statements.append(
            Statement(
                "postgres",
                f"ALTER ROLE {ident(name)} PASSWORD {literal(make_verifier(entry['password']))}",
                f"change the password of role {name}",
            )
        )
    return statements


def _database(entry: Mapping[str, Any], found: Optional[Mapping[str, Any]]) -> list[Statement]:
    name, owner = entry["name"], entry["owner"]
    statements = []
    if found is None:
        sql = f"CREATE DATABASE {ident(name)} OWNER {ident(owner)} TEMPLATE template0 ENCODING 'UTF8'"
        statements.append(Statement("postgres", sql, f"create database {name}, owned by {owner}"))
        found = {
            "owner": owner,
            "extensions": ["plpgsql"],
            "schema_owner": "pg_database_owner",
            "schema_public": ["USAGE"],
        }
        statements += _closed(name, None)
    else:
        if found["owner"] != owner:
            statements.append(
                Statement(
                    "postgres",
                    f"ALTER DATABASE {ident(name)} OWNER TO {ident(owner)}",
                    f"give database {name} to {owner}",
                )
            )
        statements += _closed(name, found)
    if found["schema_owner"] != owner:
        statements.append(
            Statement(name, f"ALTER SCHEMA public OWNER TO {ident(owner)}", f"give schema public of {name} to {owner}")
        )
    if found["schema_public"]:
        statements.append(
            Statement(
                name, "REVOKE ALL ON SCHEMA public FROM PUBLIC", f"close schema public of {name} to everybody else"
            )
        )
    for extension in entry["extensions"]:
        if extension not in (found["extensions"] or []):
            sql = f"SET search_path = public; CREATE EXTENSION {ident(extension)}; SET search_path = pg_catalog"
            statements.append(Statement(name, sql, f"create extension {extension} in {name}"))
    return statements


def script(statements: Sequence[Statement]) -> str:
    """The statements as one script for psql, which changes database where it must and stops at the first error.

    Database and role first exist, then somebody may come in: the order of ``statements`` is kept.
    """
    lines = [QUIET]
    database = "postgres"
    for statement in statements:
        if statement.database != database:
            database = statement.database
            lines += [f"\\connect {ident(database)}\n", QUIET]
        lines.append(f"{statement.sql};\n")
    return "".join(lines)


def cluster_patch(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The changes to Patroni's dynamic configuration, as its PATCH takes them (None deletes a key).

    ``postgresql.parameters`` is ours as a whole: what is no longer wanted goes. Other keys that are not ours (an
    operator's ``pause``, a ``standby_cluster``) stay.

    >>> cluster_patch({"ttl": 20, "parameters": {"a": 1}}, {"ttl": 30, "parameters": {"b": 2}})
    {'ttl': 20, 'parameters': {'a': 1, 'b': None}}
    """
    patch: dict[str, Any] = {}
    for key, value in wanted.items():
        present = found.get(key)
        if isinstance(value, Mapping):
            present = present if isinstance(present, Mapping) else {}
            below = cluster_patch(value, present)
            if key == "parameters":
                below.update(dict.fromkeys(sorted(set(present) - set(value))))
            if below:
                patch[key] = below
        elif key not in found or present != value:
            patch[key] = value
    return patch


def complaint(text: str) -> str:
    """What a program said when it failed, short and without verifiers (psql shows the line that it stumbled over).

    >>> complaint("Traceback …\\n  File …\\nOSError: no route")
    'OSError: no route'
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    shown = lines[-1:] if any(line.startswith("Traceback") for line in lines) else lines[:10]
    return re.sub(r"SCRAM-SHA-256\$[^'\s]*", "[verifier]", "\n".join(shown))[:1000] or "no message"


#: Patroni passes these on the command line, where pg_settings.pending_restart does not see them differ.
COMMAND_LINE = (
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
)


def pending_restart(wanted: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    """The parameters that wait for a restart of this member."""
    parameters = (wanted.get("postgresql") or {}).get("parameters") or {}
    settings = state["settings"]
    differing = [
        name
        for name in COMMAND_LINE
        if name in parameters and name in settings and str(parameters[name]) != str(settings[name])
    ]
    return sorted({*state["pending_restart"], *differing})


_UNITS = {"kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_SWITCH = {"on": "on", "true": "on", "yes": "on", "off": "off", "false": "off", "no": "off"}


def same_setting(one: Any, other: Any) -> bool:
    """Whether two ways to write a setting mean the same.

    >>> same_setting("1GB", "1024MB"), same_setting(True, "on"), same_setting("100", 100), same_setting("1MB", "1GB")
    (True, True, True, False)
    """

    def plain(value: Any) -> str:
        text = str(value).strip().lower()
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(kb|mb|gb|tb)", text)
        return str(int(float(match[1]) * _UNITS[match[2]])) if match else _SWITCH.get(text, text)

    return plain(one) == plain(other)


def restart_parameters(patch: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    """The parameters of a patch that take effect with a restart only, and are not already as wanted."""
    changed = (patch.get("postgresql") or {}).get("parameters") or {}
    return sorted(
        name
        for name, value in changed.items()
        if name in state["restart_only"] and (value is None or not same_setting(value, state["settings"].get(name)))
    )


def patch_lines(patch: Mapping[str, Any], found: Mapping[str, Any], path: str = "") -> list[str]:
    """A patch in words.

    >>> patch_lines({"ttl": 20}, {"ttl": 30})
    ['set ttl to 20 (was 30)']
    """
    lines = []
    for key, value in sorted(patch.items()):
        present = found.get(key)
        if isinstance(value, Mapping):
            lines += patch_lines(value, present if isinstance(present, Mapping) else {}, f"{path}{key}.")
        elif value is None:
            lines.append(f"remove {path}{key} (was {present})")
        else:
            lines.append(f"set {path}{key} to {value}" + ("" if present is None else f" (was {present})"))
    return lines
