"""What runs, in the form of what would run: `docker inspect` as documents that policies read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .container_spec import LABEL_ENVIRONMENT, LABEL_SERVICE, LABEL_SPEC
from .redaction import Redactor


def _nanoseconds(value: int) -> str:
    return f"{value / 1e9:g}s"


def _ports(bindings: Mapping[str, Any]) -> list[str]:
    return [
        ":".join(part for part in (entry.get("HostIp", ""), entry["HostPort"], port.partition("/")[0]) if part)
        for port, entries in sorted((bindings or {}).items())
        for entry in entries or []
    ]


def _container(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of docker_container that would have made it."""
    config, host = inspected["Config"], inspected["HostConfig"]
    check = config.get("Healthcheck") or {}
    return {
        "name": inspected["Name"].lstrip("/"),
        "image": inspected["Image"],
        "user": config.get("User", ""),
        "env": dict(entry.partition("=")[::2] for entry in config.get("Env") or []),
        "command": config.get("Cmd") or [],
        "entrypoint": config.get("Entrypoint") or [],
        "labels": config.get("Labels") or {},
        "hostname": config.get("Hostname", ""),
        "stop_signal": config.get("StopSignal", "SIGTERM"),
        "stop_timeout": config.get("StopTimeout"),
        "healthcheck": {
            "test": check.get("Test", []),
            "interval": _nanoseconds(check.get("Interval", 0)),
            "timeout": _nanoseconds(check.get("Timeout", 0)),
            "start_period": _nanoseconds(check.get("StartPeriod", 0)),
            "retries": check.get("Retries", 0),
        },
        "privileged": host.get("Privileged", False),
        "read_only": host.get("ReadonlyRootfs", False),
        "init": bool(host.get("Init")),
        "cap_drop": host.get("CapDrop") or [],
        "capabilities": host.get("CapAdd") or [],
        "security_opts": host.get("SecurityOpt") or [],
        "devices": host.get("Devices") or [],
        "network_mode": host.get("NetworkMode", ""),
        "networks": [
            {"name": name, "aliases": entry.get("Aliases") or []}
            for name, entry in inspected["NetworkSettings"]["Networks"].items()
        ],
        "mounts": [
            {
                "type": mount["Type"],
                "source": mount.get("Source", ""),
                "target": mount["Target"],
                "read_only": mount.get("ReadOnly", False),
            }
            for mount in host.get("Mounts") or []
        ],
        "volumes": host.get("Binds") or [],
        "tmpfs": [f"{path}:{options}" for path, options in (host.get("Tmpfs") or {}).items()],
        "published_ports": _ports(host.get("PortBindings") or {}),
        "publish_all_ports": host.get("PublishAllPorts", False),
        "memory": str(host.get("Memory", 0)),
        "memory_swap": str(host.get("MemorySwap", 0)),
        "cpus": host.get("NanoCpus", 0) / 1e9,
        "pids_limit": host.get("PidsLimit") or 0,
        "log_driver": host["LogConfig"]["Type"],
        "log_options": host["LogConfig"].get("Config") or {},
        "restart_policy": host["RestartPolicy"]["Name"],
        "ipc_mode": host.get("IpcMode", ""),
        "pid_mode": host.get("PidMode", ""),
        "userns_mode": host.get("UsernsMode", ""),
        "uts": host.get("UTSMode", ""),
    }


def container_document(
    inspected: Mapping[str, Any], rendered: Mapping[str, Mapping[str, Any]], images: Mapping[str, str], host: str
) -> dict[str, Any]:
    """The document of kind ``container`` of something that runs.

    :param rendered: what is stated, by name of the container: it lends its relaxations, for nobody states those twice.
    :param images: ids of images on the host, by reference.
    """
    labels = inspected["Config"].get("Labels") or {}
    name = inspected["Name"].lstrip("/")
    stated = rendered.get(name)
    facts = None
    if stated:
        reference = stated["container"]["image"]
        facts = {
            # The checksum of files is another one here: it was rendered with markers in the place of secrets.
            "spec": stated["container"]["labels"][LABEL_SPEC],
            "image": images.get(reference, f"{reference} (not on the host)"),
        }
    return {
        "kind": "container",
        "host": host,
        "environment": labels.get(LABEL_ENVIRONMENT, ""),
        "service": labels.get(LABEL_SERVICE, ""),
        "name": f"{name} (running)",
        "container": _container(inspected),
        "files": [],
        "relaxations": list(stated["relaxations"]) if stated else [],
        "live": {
            "stated": facts,
            "image": inspected["Image"],
            "status": inspected["State"]["Status"],
            "health": (inspected["State"].get("Health") or {}).get("Status", "none"),
        },
    }


def live_documents(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every document of a host as it is, with secrets replaced by markers.

    ``facts``: host, environment, live (what module live_state returned), rendered (all rendered documents), addresses
    (private ones of the host), peers (addresses that may be let in), secrets (name to value).
    """
    stated = [entry for entry in facts["rendered"] if entry["kind"] == "container" and entry["host"] == facts["host"]]
    rendered = {entry["name"]: entry for entry in stated}
    live = facts["live"]
    documents = [container_document(entry, rendered, live["images"], facts["host"]) for entry in live["containers"]]
    listeners = []
    for entry in documents:
        for port in entry["container"]["published_ports"]:
            address, _, rest = port.rpartition(":")[0].rpartition(":")
            listeners.append(
                {
                    "address": address or "0.0.0.0",
                    "port": int(rest),
                    "container": entry["container"]["name"],
                    "service": entry["service"],
                    "environment": entry["environment"],
                }
            )
    documents.append(
        {
            "kind": "host",
            "host": facts["host"],
            "environment": facts["environment"],
            "listeners": listeners,
            "private_addresses": list(facts["addresses"]),
            "peers": list(facts["peers"]),
            "effective": live["effective"],
        }
    )
    redacted: list[dict[str, Any]] = json.loads(Redactor(facts["secrets"])(json.dumps(documents)))
    return redacted
