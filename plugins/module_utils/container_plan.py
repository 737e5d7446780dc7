"""What has to happen on a host so that it holds the containers that are desired, and no other of that service."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .container_spec import LABEL_FILES, LABEL_SPEC, Desired, Volume


@dataclass(frozen=True)
class Step:
    """One container and what becomes of it, and why.

    ``create``, ``start``, ``wait``, ``remove``; ``reload``: its program reads its files anew; ``replace`` where it
    stands; ``exchange`` for another without a gap.
    """

    action: str
    name: str
    why: str
    desired: Desired | None = None

    def __str__(self) -> str:
        return f"{self.action} {self.name} ({self.why}){self.way}"

    @property
    def way(self) -> str:
        """How an exchange goes about it."""
        rollout = self.desired.rollout if self.desired else None
        if self.action != "exchange" or not rollout:
            return ""
        if not rollout["beside"]:
            return f": stop the old, start the new, watch it for {rollout['observe']} s"
        drain = "drain and " if rollout["router"] else ""
        return f": start the new beside the old, watch it for {rollout['observe']} s, {drain}stop the old"


@dataclass(frozen=True)
class Plan:
    steps: tuple[Step, ...]
    files: tuple[str, ...]
    stray_files: tuple[str, ...]
    networks: tuple[str, ...]
    volumes: tuple[str, ...]
    #: Volumes that are not whose they should be, new ones among them, with what says so.
    owners: tuple[tuple[Volume, str], ...]

    @property
    def changed(self) -> bool:
        beside = (self.files, self.stray_files, self.networks, self.volumes, self.owners)
        return any(beside) or any(step.action != "wait" for step in self.steps)

    @property
    def disturbs(self) -> bool:
        """Whether something that runs, and that others depend on, is replaced or reads its files anew."""
        return any(
            step.action in ("replace", "reload") and not (step.desired and step.desired.aside) for step in self.steps
        )

    def lines(self) -> list[str]:
        """The plan in words, for the diff and for people."""
        return [
            *(f"network {name} (missing)" for name in self.networks),
            *(f"volume {name} (missing)" for name in self.volumes),
            *(f"give {volume.name} to {volume.owner} ({why})" for volume, why in self.owners),
            *(f"write {path}" for path in self.files),
            *(f"delete {path} (no longer declared)" for path in self.stray_files),
            *(str(step) for step in self.steps if step.action != "wait"),
        ]


def _step(
    desired: Desired, found: Mapping[str, Any] | None, image_id: str | None, differing: Collection[str]
) -> Step | None:
    if found is None:
        return Step("create", desired.name, "not there", desired)
    labels = found["labels"]
    if image_id != found["image_id"]:
        return Step("replace", desired.name, "image changed", desired)
    if labels.get(LABEL_SPEC) != desired.labels[LABEL_SPEC]:
        return Step("replace", desired.name, "spec changed", desired)
    if LABEL_FILES in desired.labels and labels.get(LABEL_FILES) != desired.labels[LABEL_FILES]:
        return Step("replace", desired.name, "files changed", desired)
    if any(labels.get(key) != value for key, value in desired.labels.items()):
        return Step("replace", desired.name, "labels changed", desired)
    if found["state"] != "running":
        return Step("start", desired.name, f"it is {found['state']}", desired)
    if desired.loaded and {desired.loaded.host_path, *(file.host_path for file in desired.files)} & set(differing):
        return Step("reload", desired.name, "files changed", desired)
    if desired.checked and found["health"] != "healthy":
        return Step("wait", desired.name, f"its health is {found['health'] or 'unknown'}", desired)
    return None


def _matches(desired: Desired, found: Mapping[str, Any], image_id: str | None) -> bool:
    return image_id == found["image_id"] and all(found["labels"].get(k) == v for k, v in desired.labels.items())


def _rollout_step(wanted: Desired, step: Step | None, state: Mapping[str, Any]) -> Step | None:
    """Without a gap: exchanged rather than replaced; a successor that an interrupted rollout started is taken."""
    successor = state["containers"].get(f"{wanted.name}-next")
    if step and successor and _matches(wanted, successor, state["images"].get(wanted.image)):
        return Step("exchange", wanted.name, "its successor is there", wanted)
    if step and step.action == "replace":
        return Step("exchange", wanted.name, step.why, wanted)
    return step


def _foreign(volume: Volume, found: Mapping[str, Any] | None) -> str:
    """Why a volume is not as it should be, or nothing."""
    if found is None:
        return "it is new"
    if found["owner"] != volume.owner:
        return f"it belongs to {found['owner']}"
    if volume.mode and int(found["mode"], 8) != int(volume.mode, 8):
        return f"its permissions are {found['mode']}, and should be {volume.mode}"
    return ""


def _leftovers(desired: Sequence[Desired], found: set[str]) -> list[Step]:
    names = {wanted.name for wanted in desired}
    interrupted = {f"{wanted.name}-{end}" for wanted in desired if wanted.rollout for end in ("next", "old")}
    return [
        Step("remove", name, "left by an interrupted rollout" if name in interrupted else "no longer declared")
        for name in sorted(found - names)
    ]


def plan(desired: Sequence[Desired], state: Mapping[str, Any]) -> Plan:
    """Compare what is desired with ``state``, which is what module host_state returned.

    Steps come in start order (``order``, then as declared); removals come last.
    """
    containers, images = state["containers"], state["images"]
    steps = []
    for wanted in sorted(desired, key=lambda entry: entry.order):
        step = _step(wanted, containers.get(wanted.name), images.get(wanted.image), state["files"])
        if wanted.rollout:
            step = _rollout_step(wanted, step, state)
        if step:
            steps.append(step)
    taken = {f"{step.name}-next" for step in steps if step.action == "exchange"}
    steps += _leftovers(desired, set(containers) - taken)

    marks = {wanted.loaded.host_path for wanted in desired if wanted.loaded}

    def missing(kind: str, wanted_names: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in wanted_names if name not in state[kind]))

    owned = {volume.name: volume for wanted in reversed(desired) for volume in wanted.owned}
    return Plan(
        steps=tuple(steps),
        files=tuple(path for path in state["files"] if path not in marks),
        # Of replicas they are in use until the exchange is done, and deleted after it.
        stray_files=() if steps and any(wanted.rollout for wanted in desired) else tuple(state["stray_files"]),
        networks=missing("networks", [name for wanted in desired for name in wanted.networks]),
        volumes=missing("volumes", [name for wanted in desired for name in wanted.volumes]),
        owners=tuple(
            (volume, why)
            for name, volume in sorted(owned.items())
            if (why := _foreign(volume, state["volumes"].get(name)))
        ),
    )
