"""Container specs: what a role states, merged with the hardened baseline.

A *spec* is the short dictionary a role writes (``roles/container/README.md`` lists its keys). :func:`expand` turns it
into a :class:`Desired`: the arguments of ``community.docker.docker_container``, the files to put on the host, and two
checksums that are kept as labels so that one look at the host tells what differs. Pure functions: nothing here touches
a host.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LABEL_ENVIRONMENT = "slipway.environment"
LABEL_SERVICE = "slipway.service"
LABEL_SPEC = "slipway.spec"
LABEL_FILES = "slipway.files"
LABEL_RELEASE = "slipway.release"

SECRETS_DIR = "/run/secrets"

KEYS = frozenset(
    "name image user command entrypoint env files config_dirs validate networks ports volumes tmpfs extra_hosts"
    " healthcheck memory cpus pids shm_size stop_signal stop_grace labels sysctls working_dir hostname"
    " capabilities_add relax order wait_timeout rollout reload aside".split()
)
ROLLOUT_DEFAULTS: dict[str, Any] = {"beside": True, "observe": 5, "drain": 10, "router": "", "backend": ""}
RELAXABLE = frozenset("read_only no_new_privileges pids memory cpus init restart_policy".split())


class SpecError(ValueError):
    """A spec that cannot become a container; the message names the spec, the key and the mend."""


@dataclass(frozen=True)
class HostFile:
    """One file of a container: where it stands in the container and on the host, and its content."""

    path: str
    host_path: str
    content: str
    mode: str
    secret: bool
    shown: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True)
class Volume:
    """A named volume that belongs to somebody: ``owner`` is uid:gid, an empty ``mode`` leaves permissions alone."""

    name: str
    path: str
    owner: str
    mode: str


@dataclass(frozen=True)
class Desired:
    """A container as it should be."""

    name: str
    image: str
    arguments: dict[str, Any]
    files: tuple[HostFile, ...]
    directories: tuple[str, ...]
    networks: tuple[str, ...]
    volumes: tuple[str, ...]
    owned: tuple[Volume, ...]
    uid: int
    gid: int
    order: int
    wait_timeout: int
    validate: tuple[str, ...]
    relaxations: tuple[dict[str, Any], ...] = ()
    checked: bool = True
    #: Replacing it disturbs nobody: no lead is handed over, and no host waits for another.
    aside: bool = False
    rollout: dict[str, Any] | None = None
    #: The signal on which the program reads its files anew, and a file on the host that says which it has read.
    reload: str = ""
    loaded: HostFile | None = None
    labels: dict[str, str] = field(default_factory=dict)


def _checksum(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]


def _numeric_user(name: str, user: Any) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+):(\d+)", str(user or ""))
    if not match:
        raise SpecError(f"container '{name}': user is {user!r}. Mend: state it as numbers, \"uid:gid\".")
    return int(match[1]), int(match[2])


def _relaxations(name: str, relax: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    found = []
    for option, entry in sorted(relax.items()):
        if option not in RELAXABLE:
            raise SpecError(
                f"container '{name}': relax.{option} is not an option that may be relaxed"
                f" ({', '.join(sorted(RELAXABLE))})."
            )
        if not isinstance(entry, Mapping) or set(entry) != {"value", "reason"} or not str(entry["reason"]).strip():
            raise SpecError(
                f"container '{name}': relax.{option} needs a value and a reason."
                f" Mend: relax: {{{option}: {{value: …, reason: why}}}}."
            )
        found.append({"option": option, "value": entry["value"], "reason": str(entry["reason"])})
    return tuple(found)


def _files(spec: Mapping[str, Any], host_dir: str) -> tuple[tuple[HostFile, ...], list[dict[str, Any]], list[str]]:
    """Files, the bind mounts that show them in the container, and the directories to make on the host."""
    config_dirs = {posixpath.normpath(path) for path in [*spec.get("config_dirs", []), SECRETS_DIR]}
    files: list[HostFile] = []
    targets: dict[str, str] = {}
    for entry in spec.get("files", []):
        path = posixpath.normpath(entry["path"])
        if not path.startswith("/"):
            raise SpecError(f"container '{spec['name']}': file {path!r} is not an absolute path.")
        secret = bool(entry.get("secret", False))
        mode = str(entry.get("mode", "0400" if secret else "0444"))
        shown = not secret or bool(entry.get("shown", False))
        files.append(HostFile(path, f"{host_dir}{path}", str(entry["content"]), mode, secret, shown))
        directory = next((d for d in sorted(config_dirs, reverse=True) if path.startswith(d + "/")), None)
        targets[directory or path] = f"{host_dir}{directory or path}"
    if len({entry.path for entry in files}) != len(files):
        raise SpecError(f"container '{spec['name']}': two files have one path.")
    mounts = [
        {"type": "bind", "source": source, "target": target, "read_only": True}
        for target, source in sorted(targets.items())
    ]
    directories = sorted({posixpath.dirname(entry.host_path) for entry in files})
    return tuple(sorted(files, key=lambda entry: entry.path)), mounts, directories


def _owned(name: str, entry: Mapping[str, Any], prefix: str) -> Volume:
    given = {key: str(value) for key, value in entry.items() if value is not None}
    if not {"source", "target", "owner"} <= set(given) <= {"source", "target", "owner", "mode"}:
        raise SpecError(f"container '{name}': a volume has other keys than source, target, owner and mode.")
    if given["source"].startswith("/") or not given["target"].startswith("/"):
        raise SpecError(f"container '{name}': volume {given['source']}: only a named volume has an owner.")
    if not re.fullmatch(r"\d+:\d+", given["owner"]) or not re.fullmatch(r"(?:[0-7]{3,4})?", given.get("mode", "")):
        raise SpecError(
            f"container '{name}': volume {given['source']}: owner and mode are numbers, \"uid:gid\" and octal."
        )
    return Volume(f"{prefix}{given['source']}", given["target"], given["owner"], given.get("mode", ""))


def _volumes(spec: Mapping[str, Any], prefix: str) -> tuple[list[str], list[str], list[Volume]]:
    """Volume strings as docker_container takes them, the names of named volumes, and those that have an owner."""
    shown: list[str] = []
    named: list[str] = []
    owned: list[Volume] = []
    for volume in spec.get("volumes", []):
        if isinstance(volume, Mapping):
            owned.append(_owned(spec["name"], volume, prefix))
            named.append(owned[-1].name)
            # With each container the engine would hand an empty volume to whom the image's directory belongs to.
            shown.append(f"{owned[-1].name}:{owned[-1].path}:nocopy")
            continue
        source, _, rest = str(volume).partition(":")
        if not rest:
            raise SpecError(
                f"container '{spec['name']}': volume {volume!r} has no target. Mend: \"source:target[:ro]\"."
            )
        if not source.startswith("/"):
            source = f"{prefix}{source}"
            named.append(source)
        shown.append(f"{source}:{rest}")
    return shown, named, owned


def _healthcheck(name: str, check: Mapping[str, Any] | None) -> tuple[dict[str, Any], bool]:
    if not check:
        raise SpecError(
            f"container '{name}': no healthcheck. Mend: state healthcheck.test, or healthcheck: {{none: reason}}."
        )
    if "none" in check:
        return {"test": ["NONE"]}, False
    seconds = {
        key: f"{check.get(key, default)}s" for key, default in (("interval", 10), ("timeout", 3), ("start_period", 30))
    }
    return {"test": list(check["test"]), "retries": int(check.get("retries", 3)), **seconds}, True


def _rollout(name: str, spec: Mapping[str, Any], prefix: str) -> dict[str, Any] | None:
    """How a running container is exchanged for another, or None: it is replaced where it stands."""
    stated = spec.get("rollout")
    if not stated:
        return None
    unknown = sorted(set(stated) - set(ROLLOUT_DEFAULTS))
    if unknown:
        raise SpecError(f"container '{name}': unknown keys rollout.{', rollout.'.join(unknown)}.")
    network = f"{prefix}{spec['networks'][0]['name']}" if spec.get("networks") else ""
    router = f"{prefix}{stated['router']}" if stated.get("router") else ""
    return {**ROLLOUT_DEFAULTS, **stated, "router": router, "network": network}


def _reload(spec: Mapping[str, Any], mounts: list[dict[str, Any]]) -> str:
    """The signal, where files change without a restart. A file that is mounted by itself stays the old one."""
    signal = str(spec.get("reload", ""))
    if not signal:
        return ""
    if not re.fullmatch(r"SIG[A-Z0-9]+", signal) or spec.get("rollout"):
        raise SpecError(f"container '{spec['name']}': reload is {signal!r}. Mend: name a signal, and no rollout.")
    directories = {posixpath.normpath(path) for path in [*spec.get("config_dirs", []), SECRETS_DIR]}
    alone = sorted(str(mount["target"]) for mount in mounts if mount["target"] not in directories)
    if alone:
        raise SpecError(
            f"container '{spec['name']}': {', '.join(alone)} is mounted by itself, and would not be read anew."
            " Mend: name its directory in config_dirs, or leave reload out."
        )
    return signal


def expand(
    spec: Mapping[str, Any],
    *,
    environment: str,
    service: str,
    state_dir: str,
    baseline: Mapping[str, Any],
    checksum_key: str,
) -> Desired:
    """Merge one spec with the baseline.

    ``baseline`` is ``container_baseline`` of roles/container/defaults: docker_container arguments that hold for every
    container. ``checksum_key`` keys the checksum of file contents, so that a label never helps to guess a secret.

    :raises SpecError: unknown keys, a user that is not numeric, a relaxation without a reason, no healthcheck.
    """
    name = str(spec.get("name", ""))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise SpecError(f"container name {name!r} is not of the form [a-z0-9-].")
    unknown = sorted(set(spec) - KEYS)
    if unknown:
        raise SpecError(f"container '{name}': unknown keys {', '.join(unknown)}. Mend: see roles/container/README.md.")
    if not spec.get("image"):
        raise SpecError(f"container '{name}': no image.")
    prefix = f"{environment}-"
    full_name = f"{prefix}{name}"
    uid, gid = _numeric_user(name, spec.get("user"))
    relaxations = _relaxations(name, spec.get("relax", {}))
    relaxed = {entry["option"]: entry["value"] for entry in relaxations}
    files_dir = f"{state_dir}/files/{full_name}"
    stated_files, stated_mounts, _ = _files(spec, files_dir)
    content = [[entry.path, entry.mode, uid, gid, entry.sha256] for entry in stated_files]
    content_label = hmac.new(checksum_key.encode(), json.dumps(content).encode(), hashlib.sha256).hexdigest()[:32]
    rollout = _rollout(name, spec, prefix)
    # Two versions of a replica live side by side for a while: each has its files in a directory of its own.
    files, mounts, directories = _files(spec, f"{files_dir}/{content_label[:12]}" if rollout else files_dir)
    reload = _reload(spec, mounts)
    loaded = HostFile("", f"{files_dir}/.loaded", content_label, "0444", secret=False) if reload else None
    volumes, named_volumes, owned = _volumes(spec, prefix)
    healthcheck, checked = _healthcheck(name, spec.get("healthcheck"))
    if not checked:
        relaxations += ({"option": "healthcheck", "value": "none", "reason": str(spec["healthcheck"]["none"])},)
    networks = [
        {"name": f"{prefix}{net['name']}", "aliases": sorted(net.get("aliases", []))}
        for net in spec.get("networks", [])
    ]

    arguments: dict[str, Any] = dict(baseline)
    memory = str(relaxed.get("memory", spec.get("memory", baseline["memory"])))
    arguments.update(
        name=full_name,
        user=f"{uid}:{gid}",
        memory=memory,
        memory_swap=memory,
        cpus=float(relaxed.get("cpus", spec.get("cpus", baseline["cpus"]))),
        pids_limit=int(relaxed.get("pids", spec.get("pids", baseline["pids_limit"]))),
        read_only=bool(relaxed.get("read_only", baseline["read_only"])),
        init=bool(relaxed.get("init", baseline["init"])),
        restart_policy=str(relaxed.get("restart_policy", baseline["restart_policy"])),
        security_opts=[
            option
            for option in baseline["security_opts"]
            if not (option.startswith("no-new-privileges") and relaxed.get("no_new_privileges") is False)
        ],
        capabilities=sorted(spec.get("capabilities_add", [])),
        healthcheck=healthcheck,
        env={key: str(value) for key, value in spec.get("env", {}).items()},
        networks=networks,
        network_mode=networks[0]["name"] if networks else "none",
        mounts=mounts,
        volumes=volumes,
        tmpfs=[f"{path}:{options}" for path, options in sorted(spec.get("tmpfs", {}).items())],
        published_ports=[str(port) for port in spec.get("ports", [])],
        etc_hosts=dict(spec.get("extra_hosts", {})),
        stop_signal=str(spec.get("stop_signal", "SIGTERM")),
        stop_timeout=int(spec.get("stop_grace", 10)),
        hostname=str(spec.get("hostname", name)),
    )
    for key in ("command", "entrypoint"):
        if key in spec:
            arguments[key] = [str(part) for part in spec[key]]
    for key in ("shm_size", "sysctls", "working_dir"):
        if key in spec:
            arguments[key] = spec[key]
    if not arguments["published_ports"]:
        del arguments["published_ports"]

    labels = {
        **{str(k): str(v) for k, v in spec.get("labels", {}).items()},
        LABEL_ENVIRONMENT: environment,
        LABEL_SERVICE: service,
        # Where files lie for the moment is no part of what is stated; what is in them has a label of its own.
        LABEL_SPEC: _checksum(
            {**arguments, "mounts": stated_mounts, "image": spec["image"], "labels": spec.get("labels", {})}
        ),
    }
    if not reload:
        labels[LABEL_FILES] = content_label
    return Desired(
        name=full_name,
        image=str(spec["image"]),
        arguments=arguments,
        files=files,
        directories=tuple(directories),
        networks=tuple(str(net["name"]) for net in networks),
        volumes=tuple(named_volumes),
        owned=tuple(owned),
        uid=uid,
        gid=gid,
        order=int(spec.get("order", 0)),
        aside=bool(spec.get("aside", False)),
        wait_timeout=int(spec.get("wait_timeout", 120)),
        validate=tuple(spec.get("validate", {}).get("command", [])),
        relaxations=relaxations,
        checked=checked,
        rollout=rollout,
        reload=reload,
        loaded=loaded,
        labels=labels,
    )


def one_off(desired: Desired, name: str, command: Iterable[str] | None = None) -> dict[str, Any]:
    """docker_container arguments of a container that runs once beside the service: nothing published, no restart."""
    arguments = {**desired.arguments, "name": name, "restart_policy": "no", "healthcheck": {"test": ["NONE"]}}
    arguments.pop("published_ports", None)
    arguments["networks"] = [{"name": net["name"]} for net in desired.arguments["networks"]]
    if command is not None:
        arguments["command"] = list(command)
    return arguments


def document(desired: Desired, host: str) -> dict[str, Any]:
    """The rendered form that policies read: what would run, with the content of secret files left out.

    A secret file that is ``shown`` is a configuration file with secrets in it; while rendering they are markers.
    """
    return {
        "kind": "container",
        "host": host,
        "environment": desired.labels[LABEL_ENVIRONMENT],
        "service": desired.labels[LABEL_SERVICE],
        "name": desired.name,
        "container": {**desired.arguments, "image": desired.image, "labels": desired.labels},
        "files": [
            {
                "path": entry.path,
                "mode": entry.mode,
                "secret": entry.secret,
                "content": entry.content if entry.shown else "[secret file]",
            }
            for entry in desired.files
        ],
        "relaxations": list(desired.relaxations),
    }
