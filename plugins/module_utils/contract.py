"""The application contract: fill in its defaults, and say what is wrong with it.

:func:`normalise` gives the form that the roles consume: every key of contract_schema.py is there. It does not validate,
and normalising twice changes nothing. :func:`validate_applications` finds every problem of every application at once.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from .contract_checks import application_problems, common_problems
from .contract_errors import FORMS, schema_problems
from .contract_schema import CONTRACT_SCHEMA, DATABASE_ENV, NAME, PROCESS, SCHEDULE, Schema, redis_env
from .problems import Problem
from .sizes import size_in_bytes


def _filled(value: Any, schema: Schema) -> Any:
    """A copy with the schema's defaults, to any depth."""
    if isinstance(value, Mapping):
        properties, further = schema.get("properties", {}), schema.get("additionalProperties")
        result = {key: _filled(item, properties.get(key) or further or {}) for key, item in value.items()}
        for key, described in properties.items():
            if key not in result and "default" in described:
                result[key] = _filled(described["default"], described)
        return result
    if isinstance(value, (list, tuple)):
        return [_filled(item, schema.get("items") or {}) for item in value]
    return copy.copy(value)


def _schedule_process(processes: Mapping[str, Any]) -> dict[str, Any]:
    """What runs the scheduled commands: limits as the largest process, started after all others."""
    most = {key: max(process[key] for process in processes.values()) for key in ("order", "cpus", "pids", "stop_grace")}
    program = ["python3", "/slipway/schedule.py"]
    stated = {
        **most,
        "memory": max((process["memory"] for process in processes.values()), key=size_in_bytes),
        "order": most["order"] + 1,
        "singleton": True,
        "command": program,
        "probe": {"command": [*program, "--check"], "start_period": 10},
    }
    filled: dict[str, Any] = _filled(stated, PROCESS)
    return filled


def normalise(name: str, contract: Mapping[str, Any]) -> dict[str, Any]:
    """The contract of application ``name`` with every default filled in.

    What is optional and absent (migrations, database, static, a process's port …) is None; of keys that exclude each
    other (server and command; build and reference; path, command and none) only the given one is there.
    """
    full: dict[str, Any] = _filled(contract, CONTRACT_SCHEMA)
    if full["schedule"]:
        full["processes"].setdefault(SCHEDULE, _schedule_process(full["processes"]))
    routed = {route["process"] for route in full["routes"]}
    own_domain = full["domains"][0] if full["domains"] else None
    for process_name, process in full["processes"].items():
        if process["replicas"] is None:
            process["replicas"] = 2 if process_name in routed and not process["singleton"] else 1
        if "path" in process["probe"] and process["probe"]["host"] is None:
            process["probe"]["host"] = own_domain
    for key, secret in full["secrets"].items():
        secret["env"] = key if secret.get("env", True) is True else secret["env"]
        secret["generate"] = 50 if secret["generate"] is True else secret["generate"]
    for file in full["files"]:
        file.setdefault("mode", "0400" if file["secret"] else "0444")
    for volume in full["volumes"]:
        volume["processes"] = volume["processes"] or list(full["processes"])
        volume.setdefault("owner", full["user"])
    for service, redis in full["redis"].items():
        redis.setdefault("env", redis_env(service))
    if full["database"] is not None:
        identifier = name.replace("-", "_")
        defaults = {
            "name": identifier,
            "user": identifier,
            "env": dict(DATABASE_ENV),
        }
        full["database"] = {**defaults, **full["database"]}
    return full


def validate_applications(
    applications: Any, *, production: bool = True, root: str = "", where: str = "slipway_applications"
) -> list[Problem]:
    """Every problem of every application's contract.

    :param applications: name to contract, as the inventory states it.
    :param production: whether DEBUG and the like are refused.
    :param root: what build contexts are relative to; empty: they are not looked at.
    """
    if not isinstance(applications, Mapping):
        return [Problem(where, "is not a mapping of names to contracts", "state it as name: {version: …}")]
    found: list[Problem] = []
    for name, contract in applications.items():
        here = f"{where}.{name}"
        if not re.fullmatch(NAME, str(name)):
            found.append(Problem(here, "the name does not have the right form", f"use {FORMS[NAME]}"))
        found += schema_problems(contract, here)
        if isinstance(contract, Mapping):
            found += application_problems(contract, here, production=production, root=root)
    found += common_problems(applications, where)
    return list(dict.fromkeys(found))
