"""What the contract's schema cannot say: how the parts of an application, and several applications, go together.

The checks meet contracts that the schema has refused already, so they read with care and skip what has the wrong shape.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .contract_variables import debug_problems, variable_problems
from .problems import Problem, did_you_mean
from .shapes import listed, maps, texts, whole
from .topology import redis_port, router_port

CRON_FIELDS = {"minute": (0, 59), "hour": (0, 23), "day of month": (1, 31), "month": (1, 12), "day of week": (0, 7)}

#: Names that the router and the pooler have in an application's network.
RESERVED_NAMES = ("db", "redis", "sentinel", "pgbouncer", "router", "localhost")
RESERVED_DATABASES = ("postgres", "template0", "template1", "replicator", "patroni", "pgbouncer")
#: Ports that the router, the stores and the pooler listen on.
RESERVED_PORTS = (2379, 2380, 5432, 6432, 8008, 8080, 8404, 26379)

Checker = Callable[[Mapping[str, Any], str], Iterator[Problem]]


def _processes(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    routed = {str(route.get("process")) for _, route in listed(contract, "routes")}
    for name, process in maps(contract, "processes").items():
        here = f"{where}.processes.{name}"
        port, server = process.get("port"), process.get("server")
        if name in RESERVED_NAMES:
            yield Problem(
                here, f"the application's network knows {name} as something else", "give the process another name"
            )
        if server and not process.get("application"):
            yield Problem(
                f"{here}.application", f"{server} is not told what to load", "state it, as package.asgi:application"
            )
        if process.get("application") and not server:
            yield Problem(f"{here}.application", "only a server reads it", "add server, or take application out")
        workers = process.get("workers")
        if isinstance(workers, int) and workers > 1 and server not in ("gunicorn", "uvicorn"):
            yield Problem(
                f"{here}.workers", "only gunicorn and uvicorn have workers", "take it out, and raise replicas"
            )
        if not port:
            probe = process.get("probe")
            needs = [
                *(["a route leads to it"] if name in routed else []),
                *([f"{server} listens on one"] if server else []),
                *(["its probe asks over HTTP"] if isinstance(probe, Mapping) and probe.get("path") else []),
            ]
            if needs:
                yield Problem(
                    f"{here}.port",
                    f"is missing, and {' and '.join(needs)}",
                    "state the port that the process listens on",
                )
        replicas = process.get("replicas")
        if process.get("singleton") is True and isinstance(replicas, int) and replicas > 1:
            yield Problem(
                f"{here}.replicas", f"is {replicas}, and the process is a singleton", "take out replicas or singleton"
            )


def _references(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    processes = contract.get("processes")
    known = [str(name) for name in processes] if isinstance(processes, Mapping) else []

    def missing(here: str, name: Any) -> Problem:
        what = f"there is no process {name}{did_you_mean(name, known).rstrip('?')}"
        return Problem(here, what, f"name one of {', '.join(known) or 'the processes'}")

    for number, route in listed(contract, "routes"):
        if isinstance(route.get("process"), str) and route["process"] not in known:
            yield missing(f"{where}.routes[{number}].process", route["process"])
    for number, volume in listed(contract, "volumes"):
        for name in texts(volume.get("processes")):
            if name not in known:
                yield missing(f"{where}.volumes[{number}].processes", name)


def _routes(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for number, route in listed(contract, "routes"):
        here, path, mask = f"{where}.routes[{number}]", route.get("path"), route.get("mask")
        if isinstance(path, str):
            if path in seen:
                yield Problem(
                    f"{here}.path", f"{path} is the path of routes[{seen[path]}] too", "keep one of the two routes"
                )
            seen.setdefault(path, number)
        if isinstance(mask, str):
            try:
                groups = re.compile(mask).groups
            except re.error as error:
                yield Problem(f"{here}.mask", f"is not a regular expression: {error}", "correct it")
                continue
            if groups != 1:
                yield Problem(
                    f"{here}.mask", f"has {groups} groups", "put what is masked into one group, as /invite/([^/]+)"
                )
    if seen and not texts(contract.get("domains")):
        yield Problem(
            f"{where}.domains", "there are routes and no domain under which they are reached", "state a domain"
        )


def _database(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    database = contract.get("database")
    if not isinstance(database, Mapping):
        for key in ("release", "migrations"):
            if contract.get(key):
                yield Problem(
                    f"{where}.{key}", "its lock is held in a database, and the application has none", "add database: {}"
                )
    else:
        for key in ("name", "user"):
            if database.get(key) in RESERVED_DATABASES:
                yield Problem(f"{where}.database.{key}", f"{database[key]} belongs to the server", "choose another")
    migrations = contract.get("migrations")
    if isinstance(migrations, Mapping) and migrations.get("on_start") is True and not migrations.get("apply"):
        yield Problem(
            f"{where}.migrations.apply", "is missing, and on_start needs it", "state the command that migrates"
        )


def _secrets(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for name, secret in maps(contract, "secrets").items():
        generate, least = secret.get("generate", 50), secret.get("min_length", 32)
        if whole(generate) and whole(least) and generate < least:
            here = f"{where}.secrets.{name}"
            yield Problem(
                here,
                f"generates {generate} characters, and min_length asks for {least}",
                "raise generate or lower min_length",
            )


def _schedule(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for number, entry in listed(contract, "schedule"):
        here, fields = f"{where}.schedule[{number}].cron", str(entry.get("cron")).split()
        if len(fields) != len(CRON_FIELDS):
            continue
        for text, (name, (first, last)) in zip(fields, CRON_FIELDS.items()):
            for part in text.split(","):
                span, _, step = part.partition("/")
                begin, _, end = span.partition("-")
                bounds = [int(bound) for bound in (begin, end) if bound.isdigit()]
                if (
                    bounds != sorted(bounds)
                    or not all(first <= bound <= last for bound in bounds)
                    or step in ("0", "00")
                ):
                    yield Problem(here, f"{part} is no {name}", f"use {first} to {last}, the lower one first")
    if contract.get("schedule") and "schedule" in maps(contract, "processes"):
        here = f"{where}.processes.schedule"
        yield Problem(here, "the process that runs what is scheduled has this name", "give it another name")


CHECKS: tuple[Checker, ...] = (_processes, _references, _routes, _database, _secrets, _schedule, variable_problems)


def application_problems(contract: Mapping[str, Any], where: str, *, production: bool, root: str) -> Iterator[Problem]:
    """What is wrong within one application."""
    for check in (*CHECKS, debug_problems) if production else CHECKS:
        yield from check(contract, where)
    if root:
        yield from _build(contract, where, root)


def _build(contract: Mapping[str, Any], where: str, root: str) -> Iterator[Problem]:
    image = contract.get("image")
    build = image.get("build") if isinstance(image, Mapping) else None
    context = build.get("context") if isinstance(build, Mapping) else None
    if isinstance(build, Mapping) and isinstance(context, str) and context:
        directory, here = os.path.join(root, context), f"{where}.image.build"
        dockerfile = str(build.get("dockerfile") or "Dockerfile")
        if not os.path.isdir(directory):
            yield Problem(
                f"{here}.context", f"{directory} is not a directory on the control machine", "correct the path"
            )
        elif not os.path.isfile(os.path.join(directory, dockerfile)):
            yield Problem(f"{here}.dockerfile", f"there is no {dockerfile} in {directory}", "correct the name")


def _claims(name: str, contract: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    """What only one may have: the thing, and where it is claimed."""
    for number, domain in enumerate(texts(contract.get("domains"))):
        yield f"the domain {domain}", f"{where}.domains[{number}]"
    database = contract.get("database")
    if isinstance(database, Mapping):
        for key in ("name", "user"):
            thing = "database" if key == "name" else "role"
            yield f"the {thing} {database.get(key) or name.replace('-', '_')}", f"{where}.database.{key}"
    for service, redis in maps(contract, "redis").items():
        port = redis.get("port")
        if port is None or whole(port):
            yield f"the port {redis_port(name, service, redis)}", f"{where}.redis.{service}.port"
    yield f"the port {router_port(name)}", where
    for process in maps(contract, "processes"):
        yield f"the container name {name}-{process}", f"{where}.processes.{process}"


def common_problems(applications: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """What is wrong between applications: two claim what one may have."""
    claimed = {f"the port {port}": "the kit" for port in RESERVED_PORTS}
    for name, contract in applications.items():
        if not isinstance(contract, Mapping):
            continue
        for thing, here in _claims(str(name), contract, f"{where}.{name}"):
            if thing in claimed:
                how = "change one of the two"
                if thing.startswith("the port"):
                    how = (
                        "rename the application, whose router has it"
                        if here == f"{where}.{name}"
                        else f"state another port at {here}"
                    )
                yield Problem(here, f"{thing} is taken by {claimed[thing]}", how)
            claimed.setdefault(thing, here)
