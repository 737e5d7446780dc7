"""A compose file with the containers of rendered documents: same images, limits, files, volumes and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def compose_file(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Format 2.4: the last that docker-compose 1 reads in which limits are a service's own."""
    services: dict[str, Any] = {}
    networks: dict[str, Any] = {}
    volumes: dict[str, Any] = {}
    for document in documents:
        if document["container"]["labels"].get("slipway.process") in ("checks", "release"):
            continue  # it ran to its end
        container = document["container"]
        services[document["name"]] = service(container)
        networks |= {network["name"]: {} for network in container["networks"]}
        named = [volume.split(":")[0] for volume in container["volumes"]]
        volumes |= {name: {"external": True, "name": name} for name in named if not name.startswith("/")}
    return {"version": "2.4", "services": services, "networks": networks, "volumes": volumes}


def service(container: Mapping[str, Any]) -> dict[str, Any]:
    mounts = [f"{mount['source']}:{mount['target']}:ro" for mount in container["mounts"]]
    check = container["healthcheck"]
    stated: dict[str, Any] = {
        "image": container["image"],
        "hostname": container["hostname"],
        "user": container["user"],
        "environment": container["env"],
        "read_only": container["read_only"],
        "cap_drop": container["cap_drop"],
        "security_opt": container["security_opts"],
        "init": container["init"],
        "mem_limit": container["memory"],
        "memswap_limit": container["memory_swap"],
        "cpus": container["cpus"],
        "pids_limit": container["pids_limit"],
        "restart": container["restart_policy"],
        "logging": {"driver": container["log_driver"], "options": container["log_options"]},
        "tmpfs": container["tmpfs"],
        "healthcheck": {"disable": True} if check["test"] == ["NONE"] else check,
        "networks": {network["name"]: {"aliases": network["aliases"]} for network in container["networks"]},
        "volumes": mounts + container["volumes"],
        "ports": container.get("published_ports", []),
        "extra_hosts": container["etc_hosts"],
        "stop_signal": container["stop_signal"],
        "stop_grace_period": f"{container['stop_timeout']}s",
    }
    stated |= {key: container[key] for key in ("command", "entrypoint") if key in container}
    kept = {key: value for key, value in stated.items() if value not in ([], {})}
    escaped: dict[str, Any] = escape(kept)
    return escaped


def escape(value: Any) -> Any:
    """`$` begins a variable in a compose file."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: escape(entry) for key, entry in value.items()}
    return [escape(entry) for entry in value] if isinstance(value, list) else value
