"""From an application's contract to container specs: its replicas and its release one-off.

The contract is the normalised form of ``module_utils/contract.py`` (every default filled in). Pure functions.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .contract import normalise
from .sizes import size_in_bytes
from .topology import SENTINEL_PORT, redis_port

SECRETS = "/run/secrets"
CA = f"{SECRETS}/ca.crt"
KIT = "/slipway"
PGBOUNCER_PORT = 6432
POSTGRES_PORT = 5432


def server_command(process: Mapping[str, Any]) -> list[str]:
    """The command line of a process: its own, or that of the server it names.

    Servers log no access lines of their own: nginx does, without query strings and tokens.
    """
    if process.get("command"):
        return [str(part) for part in process["command"]]
    port, options = str(process["port"]), [str(option) for option in process.get("options") or []]
    target, workers = str(process["application"]), str(process.get("workers") or 1)
    if process["server"] == "daphne":
        return ["daphne", "-b", "0.0.0.0", "-p", port, "-v", "0", *options, target]
    if process["server"] == "gunicorn":
        grace = str(process["stop_grace"])
        bind = ["--bind", f"0.0.0.0:{port}", "--workers", workers]
        return ["gunicorn", *bind, "--graceful-timeout", grace, "--worker-tmp-dir", "/tmp", *options, target]
    bind = ["--host", "0.0.0.0", "--port", port, "--workers", workers]
    return [
        "uvicorn",
        *bind,
        "--no-access-log",
        "--timeout-graceful-shutdown",
        str(process["stop_grace"]),
        *options,
        target,
    ]


def database_parts(database: Mapping[str, Any], password: str) -> dict[str, str]:
    """Parts of the connection to the application's own database, for the contract's ``database.env`` to ask for."""
    user, name = database["user"], database["name"]

    def url(host: str, port: int) -> str:
        login = f"{quote(user)}:{quote(password, safe='')}"
        return f"postgres://{login}@{host}:{port}/{quote(name)}?sslmode=verify-full&sslrootcert={CA}"

    return {
        "url": url("pgbouncer", PGBOUNCER_PORT),
        "direct_url": url("db", POSTGRES_PORT),
        "host": "pgbouncer",
        "port": str(PGBOUNCER_PORT),
        "direct_host": "db",
        "direct_port": str(POSTGRES_PORT),
        "name": name,
        "user": user,
        "password": password,
        "sslmode": "verify-full",
        "sslrootcert": CA,
    }


def redis_parts(port: int, password: str, label: str) -> dict[str, str]:
    """Every part of the connection to one Redis service through the router, which finds a Sentinel, too."""
    return {
        "url": f"rediss://app:{quote(password, safe='')}@redis:{port}/0?ssl_ca_certs={CA}",
        "host": "redis",
        "port": str(port),
        "user": "app",
        "password": password,
        "sslrootcert": CA,
        "sentinels": f"sentinel:{SENTINEL_PORT}",
        "master": label,
        "sentinel_user": f"app.{label}",
        "sentinel_password": password,
    }


SECRET_PARTS = frozenset(("url", "direct_url", "password", "sentinel_password"))


class _Launch:
    """What every container of one application shares: environment, secret files, and what the entrypoint exports."""

    def __init__(self, name: str, contract: Mapping[str, Any], secrets: Mapping[str, str], ca: str) -> None:
        self.env: dict[str, str] = {"HOME": "/tmp", **{k: str(v) for k, v in contract["env"].items()}}
        self.secret_env: dict[str, str] = {}
        self.files: list[dict[str, Any]] = [{"path": CA, "content": ca, "mode": "0444"}]
        self.lock_url_file = ""
        database = contract.get("database")
        if database:
            parts = database_parts(database, secrets[f"database/{name}"])
            self._connection("database", parts, database["env"])
            self.lock_url_file = self._secret("database_lock_url", parts["direct_url"])
        for service, redis in contract["redis"].items():
            password = secrets[f"redis/{name}/{service}/app"]
            parts = redis_parts(redis_port(name, service, redis), password, f"{name}-{service}")
            self._connection(f"redis_{service}", parts, redis["env"])
        for key, entry in contract["secrets"].items():
            path = self._secret(entry.get("file") or key, secrets[f"{name}/{key}"])
            if entry["env"]:
                self.secret_env[entry["env"]] = path
        self.files += [dict(entry) for entry in contract["files"]]

    def _secret(self, name: str, value: str) -> str:
        path = name if name.startswith("/") else f"{SECRETS}/{name}"
        self.files.append({"path": path, "content": value, "secret": True})
        return path

    def _connection(self, prefix: str, parts: Mapping[str, str], env: Mapping[str, str]) -> None:
        for part, variable in env.items():
            if part in SECRET_PARTS:
                self.secret_env[variable] = self._secret(f"{prefix}_{part}", parts[part])
            else:
                self.env[variable] = parts[part]


def release_key(contract: Mapping[str, Any], image: str) -> str:
    """What makes a release another one: the image's content, the version and the commands."""
    steps = [{part: step[part] for part in ("name", "command", "timeout")} for step in contract["release"]]
    text = json.dumps([image, str(contract["version"]), steps], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _patience(probe: Mapping[str, Any]) -> int:
    """Seconds until a replica that is not ready never will be: the engine would call it unhealthy, and some more."""
    if probe.get("none"):
        return 60
    return int(probe["start_period"] + probe["retries"] * (probe["interval"] + probe["timeout"]) + 15)


def _probe(process: Mapping[str, Any], leased: bool) -> dict[str, Any]:
    """``leased``: a singleton, which may have to stand by."""
    probe = process["probe"]
    if probe.get("none"):
        return {"none": probe["none"]}
    timing = {key: probe[key] for key in ("interval", "timeout", "retries", "start_period")}
    asked = ["CMD", "python3", f"{KIT}/probe.py"]
    if probe.get("command"):
        command = [str(word) for word in probe["command"]]
        question = {"command": command, "singleton": True}
        return {"test": [*asked, json.dumps(question, sort_keys=True)] if leased else ["CMD", *command], **timing}
    headers = {str(key): str(value) for key, value in probe["headers"].items()}
    if probe.get("host"):
        headers["Host"] = probe["host"]
    question = {
        "port": process["port"],
        "path": probe["path"],
        "headers": headers,
        "status": probe["status"],
        "body": probe.get("body") or "",
        "timeout": probe["timeout"],
    }
    question |= {"singleton": True} if leased else {}
    return {"test": [*asked, json.dumps(question, sort_keys=True)], **timing}


def hostname(container: str, host: str) -> str:
    """What a process takes for the name of its machine. No two of an environment are alike, for it is how logs,
    Celery's nodes and the holders of leases are told apart; Linux has room for 64 characters.
    """
    return f"{container}.{host}"[:63].rstrip(".-")


def application_specs(
    contract: Mapping[str, Any],
    *,
    name: str,
    host: str,
    image: str,
    secrets: Mapping[str, str],
    ca: str,
    kit_files: Mapping[str, str],
) -> dict[str, Any]:
    """Specs of one application on one host.

    :param contract: as the inventory states it.
    :param host: its name in the inventory.
    :param image: the tag that the host's engine resolves to an exact id.
    :param secrets: ``slipway_secrets``.
    :param ca: the certificate of the environment's authority (PEM).
    :param kit_files: contents of the files that go to /slipway: the entrypoint, and what it needs.
    :return: ``specs``; ``release`` and ``checks``, one-off containers ({spec, key, title, timeout} or {}); ``router``:
        what of the application's router a rollout has to know; ``seconds`` that exchanging all replicas may take.
    """
    full = normalise(name, contract)
    launch = _Launch(name, full, secrets, ca)
    key = release_key(full, image)
    # A singleton holds a lease in the database. Without one the application is on one host (preflight sees to it).
    leased = [name for name, process in full["processes"].items() if process["singleton"] and full["database"]]
    described = {
        "application": name,
        "version": str(full["version"]),
        "secret_env": launch.secret_env,
        "migrations": full.get("migrations"),
        "release": {"key": key, "commands": full["release"]},
        "checks": full["checks"],
        "lock_url_file": launch.lock_url_file,
        "singletons": leased,
        "schedule": full["schedule"],
        "patience": 60,
    }
    common: dict[str, Any] = {
        "image": image,
        "user": full["user"],
        "entrypoint": ["python3", f"{KIT}/entrypoint.py"],
        "config_dirs": [KIT],
        "files": [
            *launch.files,
            *({"path": f"{KIT}/{file}", "content": content} for file, content in sorted(kit_files.items())),
            {"path": f"{KIT}/launch.json", "content": json.dumps(described, indent=2, sort_keys=True) + "\n"},
        ],
        "tmpfs": {"/tmp": "size=64m,mode=1777", **full["tmpfs"]},
    }
    labels = {"slipway.application": name, "slipway.version": str(full["version"])}
    routed = {route["process"] for route in full["routes"]}
    router = {"router": f"admin-{name}", "network": f"app-{name}"} if routed else {}

    def mounted(volume: Mapping[str, Any]) -> dict[str, Any]:
        where = {"source": f"{name}-{volume['name']}", "target": volume["path"]}
        return {**where, **{k: volume[k] for k in ("owner", "mode")}}

    def spec(process_name: str, process: Mapping[str, Any], number: int) -> dict[str, Any]:
        identity = {
            "SLIPWAY_APPLICATION": name,
            "SLIPWAY_VERSION": str(full["version"]),
            "SLIPWAY_PROCESS": process_name,
        }
        return {
            **common,
            "name": f"{name}-{process_name}-{number}",
            "hostname": hostname(f"{name}-{process_name}-{number}", host),
            "command": server_command(process),
            "env": {**launch.env, **identity, **{k: str(v) for k, v in process["env"].items()}},
            "networks": [{"name": f"app-{name}", "aliases": [process_name]}],
            "volumes": [mounted(volume) for volume in full["volumes"] if process_name in volume["processes"]],
            "healthcheck": _probe(process, process_name in leased),
            "labels": {**labels, "slipway.process": process_name},
            "order": process["order"],
            **{key: process[key] for key in ("memory", "cpus", "pids", "stop_signal", "stop_grace")},
            "wait_timeout": _patience(process["probe"]),
            "rollout": {
                "beside": not process["singleton"],
                "observe": process["observe"],
                "drain": process["drain"],
                **({"router": router["router"], "backend": process_name} if process_name in routed else {}),
            },
        }

    specs = [
        spec(process_name, process, number)
        for process_name, process in full["processes"].items()
        for number in range(1, process["replicas"] + 1)
    ]

    def one_off(kind: str, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """A container that runs the commands of one kind, in order: the entrypoint does where SLIPWAY_RUN says so."""
        if not steps:
            return {}
        identity = {"SLIPWAY_APPLICATION": name, "SLIPWAY_VERSION": str(full["version"]), "SLIPWAY_RUN": kind}
        return {
            "key": key,
            "title": f"version {full['version']}: " + ", ".join(step["name"] for step in steps),
            "timeout": sum(step["timeout"] for step in steps) + 120,
            "spec": {
                **common,
                "name": f"{name}-{kind}",
                "hostname": hostname(f"{name}-{kind}", host),
                "command": [kind],
                "env": {**launch.env, **identity},
                "networks": [{"name": f"app-{name}"}],
                "volumes": [mounted(volume) for volume in full["volumes"]],
                "healthcheck": {"none": "it runs to its end"},
                "memory": max((process["memory"] for process in full["processes"].values()), key=size_in_bytes),
                "labels": {**labels, "slipway.process": kind},
            },
        }

    return {
        "specs": specs,
        "release": one_off("release", full["release"]),
        "checks": one_off("checks", full["checks"]),
        "router": router,
        "seconds": sum(_longest(spec) for spec in specs),
    }


def ad_hoc(specs: Sequence[Mapping[str, Any]], run: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a one-off container that runs a command as a process of the application would.

    :param specs: of the application.
    :param run: ``command`` (a list, or a text that is taken apart), ``process`` (empty: the first).
    :raises ValueError: there is no such process.
    """
    processes = {spec["labels"]["slipway.process"]: spec for spec in reversed(specs)}
    name = run.get("process") or specs[0]["labels"]["slipway.process"]
    if name not in processes:
        raise ValueError(f"there is no process {name}. Mend: name one of {', '.join(sorted(processes))}.")
    found, command = processes[name], run["command"]
    kept = {key: value for key, value in found.items() if key not in ("rollout", "order", "wait_timeout")}
    application, host = found["labels"]["slipway.application"], found["hostname"].partition(".")[2]
    return {
        **kept,
        "name": f"{application}-run",
        "hostname": hostname(f"{application}-run", host),
        "command": shlex.split(command) if isinstance(command, str) else [str(word) for word in command],
        "env": {**found["env"], "SLIPWAY_RUN": "command"},
        "healthcheck": {"none": "it runs to its end"},
        "labels": {**found["labels"], "slipway.process": "run"},
    }


def _longest(spec: Mapping[str, Any]) -> int:
    """Seconds that exchanging one replica may take at most, and what the tools around it take."""
    rollout = spec["rollout"]
    return int(spec["wait_timeout"] + rollout["observe"] + rollout["drain"] + spec["stop_grace"] + 15)
