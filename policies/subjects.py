"""What policies look at: documents of five kinds, read from JSON into something to ask.

======================= ===================================================================================
kind                    where it comes from
======================= ===================================================================================
``container``           playbooks/render.yml, one for each host and container; with LIVE, `docker inspect`
``environment``         playbooks/render.yml: inventory, contracts with their defaults, facts of secrets
``host``                playbooks/policy.yml with LIVE: what listens, nginx -T, effective settings
``dockerfile``          policies/sources.py: a Dockerfile of the kit or of an application, as instructions
``tasks``               policies/sources.py: a file of tasks, every section of it, as a flat list
======================= ===================================================================================

A missing part is an error everywhere here: a policy must never pass for want of something to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Subject(Protocol):
    """What every kind of subject can say of itself."""

    @property
    def target(self) -> str:
        """How reports and waivers name it."""


@dataclass(frozen=True)
class Relaxation:
    """An option that a spec weakens against the baseline, and why."""

    option: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Spec:
    """A container: rendered, or as it runs (``live``)."""

    host: str
    environment: str
    service: str
    name: str
    container: Mapping[str, Any]
    files: tuple[Mapping[str, Any], ...]
    relaxations: tuple[Relaxation, ...]
    live: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Spec:
        return cls(
            host=str(document["host"]),
            environment=str(document["environment"]),
            service=str(document["service"]),
            name=str(document["name"]),
            container=dict(document["container"]),
            files=tuple(document["files"]),
            relaxations=tuple(
                Relaxation(str(entry["option"]), entry["value"], str(entry["reason"]))
                for entry in document["relaxations"]
            ),
            live=document.get("live"),
        )

    @property
    def target(self) -> str:
        return f"{self.host}/{self.name}"

    def names(self, option: str) -> list[str]:
        """The list at *option* as strings, empty when it is not given."""
        return [str(entry) for entry in self.container.get(option) or []]

    def label(self, name: str) -> str:
        """A label of the kit's, without its prefix; empty where the container has none."""
        return str((self.container.get("labels") or {}).get(f"slipway.{name}", ""))

    def content(self, path: str) -> str:
        """The content of a file of the container's."""
        for file in self.files:
            if file["path"] == path:
                return str(file["content"])
        raise LookupError(f"there is no file {path}")

    def has(self, path: str) -> bool:
        return any(file["path"] == path for file in self.files)

    @property
    def words(self) -> list[str]:
        """Entrypoint and command, word by word."""
        return [*self.names("entrypoint"), *self.names("command")]


@dataclass(frozen=True)
class Environment:
    """An inventory with its applications."""

    name: str
    production: bool
    topology: Mapping[str, list[str]]
    addresses: Mapping[str, str]
    applications: Mapping[str, Mapping[str, Any]]
    secrets: Mapping[str, Mapping[str, Any]]
    platform: Mapping[str, str]
    firewall_also: Sequence[str]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Environment:
        return cls(
            name=str(document["environment"]),
            production=bool(document["production"]),
            topology=document["topology"],
            addresses=document["addresses"],
            applications=document["applications"],
            secrets=document["secrets"],
            platform=document["platform"],
            firewall_also=document["firewall_also"],
        )

    @property
    def target(self) -> str:
        return self.name

    def settings(self, application: str) -> Iterator[tuple[str, str, str]]:
        """Every plain environment variable of an application: where it stands, its name, its value."""
        contract = self.applications[application]
        for name, value in contract["env"].items():
            yield application, str(name), str(value)
        for process, stated in contract["processes"].items():
            for name, value in stated["env"].items():
                yield f"{application}.{process}", str(name), str(value)

    def all_settings(self) -> Iterator[tuple[str, str, str]]:
        for application in self.applications:
            yield from self.settings(application)

    def processes(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for application, contract in self.applications.items():
            for process, stated in contract["processes"].items():
                yield application, process, stated


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, with the stage it belongs to (0 before the first FROM)."""

    name: str
    value: str
    line: int
    stage: int


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile as its instructions."""

    path: str
    instructions: tuple[Instruction, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Dockerfile:
        return cls(str(document["path"]), tuple(Instruction(**entry) for entry in document["instructions"]))

    @property
    def target(self) -> str:
        return self.path

    @property
    def final(self) -> list[Instruction]:
        """The instructions of the last stage: what becomes the image."""
        last = max(entry.stage for entry in self.instructions)
        return [entry for entry in self.instructions if entry.stage == last]

    def all(self, name: str) -> list[Instruction]:
        return [entry for entry in self.instructions if entry.name == name]


@dataclass(frozen=True)
class Task:
    """One task: its module with arguments, and its keywords."""

    name: str
    module: str
    arguments: Any
    keywords: Mapping[str, Any]
    section: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}, {self.name or self.module}"


@dataclass(frozen=True)
class TaskFile:
    """A playbook or a file of tasks, every section of it."""

    path: str
    tasks: tuple[Task, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> TaskFile:
        return cls(str(document["path"]), tuple(Task(**entry) for entry in document["tasks"]))

    @property
    def target(self) -> str:
        return self.path


@dataclass(frozen=True)
class Host:
    """A host as it is: listening sockets and effective settings, by service."""

    name: str
    environment: str
    listeners: tuple[Mapping[str, Any], ...]
    private_addresses: tuple[str, ...]
    peers: tuple[str, ...]
    effective: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Host:
        return cls(
            name=str(document["host"]),
            environment=str(document["environment"]),
            listeners=tuple(document["listeners"]),
            private_addresses=tuple(document["private_addresses"]),
            peers=tuple(document["peers"]),
            effective=document["effective"],
        )

    @property
    def target(self) -> str:
        return self.name


def truthy(value: str) -> bool:
    """Whether an environment variable switches something on."""
    return value.strip().lower() in ("1", "true", "yes", "on", "y", "t")


def parts(value: str) -> list[str]:
    """The entries of a list as environment variables hold them: with commas, blanks, or as JSON."""
    return [word.strip("\"'") for word in value.strip("[]").replace(",", " ").split()]


def host_paths(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The host paths a container mounts, each with its propagation mode, from ``mounts`` and ``volumes`` alike."""
    for mount in container.get("mounts") or []:
        if str(mount.get("type", "volume")) == "bind":
            yield str(mount.get("source", "")), str(mount.get("propagation") or "")
    for volume in container.get("volumes") or []:
        source, _, rest = str(volume).partition(":")
        if source.startswith(("/", ".", "~")):
            yield source, rest.partition(":")[2]
