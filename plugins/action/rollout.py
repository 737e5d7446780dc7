"""Exchange the replicas of a service without a gap: see the documentation in plugins/modules/rollout.py."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.slipway.kit.plugins.action.containers import ActionModule as Containers
from ansible_collections.slipway.kit.plugins.module_utils.container_plan import Plan, Step, plan
from ansible_collections.slipway.kit.plugins.module_utils.container_spec import (
    LABEL_FILES,
    LABEL_RELEASE,
    ROLLOUT_DEFAULTS,
    Desired,
    SpecError,
)

LABEL_PROCESS = "slipway.process"


class ActionModule(Containers):
    """One phase of a rollout on one host; the playbook orders phases and hosts."""

    _VALID_ARGS = Containers._VALID_ARGS | {"phase", "once", "entered", "router"}  # noqa: SLF001 Ansible's name

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._begin = time.monotonic()
        self._progress: list[str] = []
        return super().run(tmp, task_vars)

    def _converge(self, desired: list[Desired]) -> dict[str, Any]:
        phase = self._task.args["phase"]
        one_offs = [entry for entry in self._task.args.get("once") or [] if entry]
        if phase == "once":
            return self._once(one_offs)
        try:
            for entry in desired:
                if one_offs:
                    entry.labels[LABEL_RELEASE] = one_offs[0]["key"]
            state = self._state(desired)
            planned = plan(desired, state)
            if phase == "plan":
                return self._plan(desired, state, planned, one_offs)
            if phase == "replicas":
                return self._replicas(desired, state, planned)
            if phase == "back":
                return self._back(desired, state, self._task.args.get("entered") or [])
            return self._settle(desired, state, planned)
        except SpecError as error:
            raise AnsibleActionFail(f"{self._task.args['service']}: {error}") from error

    def _render(self, desired: list[Desired]) -> list[str]:
        return super()._render([*desired, *(self._expand(entry["spec"]) for entry in self._task.args["once"] if entry)])

    # ---- Phases

    def _plan(
        self, desired: list[Desired], state: dict[str, Any], planned: Plan, one_offs: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """What would be done; ``release_due`` when no container here belongs to the release yet."""
        if not self._task.check_mode:
            self._require_images(planned, state)
        known = {found["labels"].get(LABEL_RELEASE) for found in state["containers"].values()}
        new = any(step.action in ("create", "exchange") for step in planned.steps)
        release_due = new and any(entry["key"] not in known for entry in one_offs)
        before = [f"run {self._name(entry)} once ({entry['title']})" for entry in one_offs if release_due]
        return {
            **self._predicted(desired, state, planned, before),
            "release_due": release_due,
            "images": state["images"],
            "services": state["services"],
        }

    def _once(self, one_offs: list[dict[str, Any]]) -> dict[str, Any]:
        """Checks, then release commands, each to its end. That one fails is a result, not an error."""
        entries = [self._expand(entry["spec"]) for entry in one_offs]
        said = []
        try:
            with self._files_of(entries) as images:
                for stated, entry in zip(one_offs, entries, strict=True):
                    self._say(f"run {entry.name} ({stated['title']})")
                    begin = time.monotonic()
                    outcome = self._run_to_end(entry, images[entry.image], int(stated["timeout"]))
                    said.append(outcome["output"])
                    if outcome["status"] != 0:
                        last = self._last(outcome["output"])
                        why = f"It ended with status {outcome['status']}. Its last log lines:\n{last}"
                        return self._stopped(entry.name, why, said)
                    self._done(f"{entry.name} done", {"it took": time.monotonic() - begin})
        except AnsibleActionFail as error:
            return self._stopped(entries[len(said)].name, str(error), said)
        return {"changed": True, "ok": True, "progress": self._progress, "said": "\n".join(said)}

    def _stopped(self, name: str, problem: str, said: list[str]) -> dict[str, Any]:
        self._say(f"{name} failed")
        result = {"changed": True, "ok": False, "step": name, "problem": problem}
        return {**result, "progress": self._progress, "said": "\n".join(said)}

    def _name(self, one_off: dict[str, Any]) -> str:
        return f"{self._task.args['environment']}-{one_off['spec']['name']}"

    @staticmethod
    def _last(output: str) -> str:
        return "\n".join(f"    {line}" for line in output.splitlines()[-25:])

    def _replicas(self, desired: list[Desired], state: dict[str, Any], planned: Plan) -> dict[str, Any]:
        """Everything but removals. A replica that fails takes those before it back; that is a result, not an error."""
        self._require_images(planned, state)
        self._networks_and_volumes(desired, planned, state)
        written = [(file, entry) for entry in desired for file in entry.files if file.host_path in set(planned.files)]
        self._put(self._files_root, written, [])
        serving = any(found["state"] == "running" for found in state["containers"].values())
        entered: list[str] = []
        try:
            if serving:
                for step in planned.steps:
                    if step.desired:
                        problem = self._one(step, state)
                        if problem:
                            return self._failed(desired, step, problem, entered)
                        if step.action == "create":
                            entered.append(step.name)
            else:
                self._apply(planned, state["images"])
                self._done(
                    f"{len(planned.steps)} containers started together", {"it took": time.monotonic() - self._begin}
                )
        except AnsibleActionFail as error:
            if serving:
                return self._failed(desired, None, str(error), entered)
            failed = {"ok": False, "step": "start", "problem": str(error), "served": False}
            return {"changed": True, "progress": self._progress, **failed}
        return {"changed": True, "ok": True, "progress": self._progress, "entered": entered}

    def _failed(self, desired: list[Desired], step: Step | None, problem: str, entered: list[str]) -> dict[str, Any]:
        self._say("failed; going back")
        back = self._back(desired, self._state(desired), entered)
        name = f"{step.action} {step.name}" if step else "prepare"
        return {**back, "ok": False, "step": name, "problem": problem, "served": True}

    def _back(self, desired: list[Desired], state: dict[str, Any], entered: list[str]) -> dict[str, Any]:
        """Every replica that was exchanged, now or by a rollout that was interrupted, becomes its predecessor again."""
        failed = []
        changed = False
        for entry in reversed(desired):
            if f"{entry.name}-old" in state["containers"] or entry.name in entered:
                changed = True
                outcome = self._replica(entry, "back")
                failed += [self._evidence(outcome["problem"])] if outcome["problem"] else []
                self._done(f"{entry.name} is what it was", outcome["seconds"])
        self._settle_router(desired)
        return {"changed": changed, "progress": self._progress, "not_back": self._redact("\n".join(failed))}

    def _settle(self, desired: list[Desired], state: dict[str, Any], planned: Plan) -> dict[str, Any]:
        """What nobody needs any more goes: predecessors, orphans, files of earlier versions."""
        removed = [step.name for step in planned.steps if step.action == "remove"]
        ended = [name for name in removed if state["containers"][name]["state"] != "running"]
        for name in removed:
            if name not in ended:
                self._display.display(f"    {self._host}: remove {name}")
                process = state["containers"][name]["labels"].get(LABEL_PROCESS, "")
                outcome = self._module("slipway.kit.replica", self._leaving(name, process))
                self._done(f"{name} left", outcome["seconds"])
        self._settle_router(desired, ended)
        used = {
            posixpath.join(
                self._files_root,
                name.removesuffix("-next").removesuffix("-old"),
                found["labels"].get(LABEL_FILES, "")[:12],
            )
            for name, found in state["containers"].items()
            if name not in removed
        }
        stray = sorted({self._generation(path) for path in state["stray_files"]} - used)
        self._put(self._files_root, [], stray)
        return {"changed": bool(removed or stray), "progress": self._progress}

    def _generation(self, path: str) -> str:
        """The directory of one version of one replica's files.

        Of a path below files/NAME/GENERATION/…; files that stand outside of a generation are their own.
        """
        parts = posixpath.relpath(path, self._files_root).split("/")
        return posixpath.join(self._files_root, *parts[:2])

    # ---- One replica

    def _one(self, step: Step, state: dict[str, Any]) -> str:
        """Carry out a step; empty, or what went wrong, with evidence."""
        entry = step.desired
        if entry is None:
            return ""
        self._say(str(step))
        if step.action == "wait":
            self._wait([step])
            return ""
        if step.action == "exchange":
            self._successor(step, entry, state)
        elif step.action == "create":
            self._start(step, state["images"], state="present")
        outcome = self._replica(entry, "exchange" if step.action == "exchange" else "enter")
        if outcome["problem"]:
            return self._redact(self._evidence(outcome["problem"]))
        self._done(f"{entry.name} serves", outcome["seconds"])
        return ""

    def _successor(self, step: Step, entry: Desired, state: dict[str, Any]) -> None:
        name = f"{entry.name}-next"
        found = state["containers"].get(name)
        if found and step.why == "its successor is there":
            return
        if found:
            self._module("community.docker.docker_container", {"name": name, "state": "absent", "keep_volumes": True})
        self._start(step, state["images"], name=name, state="present")

    def _replica(self, entry: Desired, action: str) -> dict[str, Any]:
        rollout = entry.rollout or ROLLOUT_DEFAULTS
        return self._module(
            "slipway.kit.replica",
            {
                "name": entry.name,
                "action": action,
                "labels": entry.labels,
                **{key: rollout[key] for key in ("beside", "drain", "router", "backend", "network")},
                # What served before has shown itself.
                "observe": rollout["observe"] if action != "back" else 0,
                "checked": entry.checked,
                "timeout": entry.wait_timeout,
                "lock": self._lock,
            },
        )

    @property
    def _lock(self) -> str:
        return f"{self._task.args['state_dir']}/rollout.lock"

    def _leaving(self, name: str, process: str) -> dict[str, Any]:
        """An orphan has no spec any more: its process names the router's backend."""
        environment = self._task.args["environment"]
        router = {key: f"{environment}-{value}" for key, value in (self._task.args.get("router") or {}).items()}
        return {"name": name, "action": "leave", "backend": process, "lock": self._lock, **router}

    def _settle_router(self, desired: list[Desired], ended: Sequence[str] = ()) -> None:
        """Every slot of the router is open again, and containers that have ended are removed on the way."""
        routed = {e.rollout["backend"]: e.rollout for e in desired if e.rollout and e.rollout["router"]}
        unrouted: dict[str, Any] = {"router": "", "backend": "", "network": ""}
        remaining = list(ended)
        for rollout in [*routed.values()] or [unrouted] * bool(ended):
            where = {key: rollout[key] for key in ("router", "backend", "network")}
            service = self._task.args["service"]
            self._module(
                "slipway.kit.replica",
                {"name": service, "action": "settle", "remove": remaining, "lock": self._lock, **where},
            )
            remaining = []

    @property
    def _host(self) -> str:
        return str(self._task_vars["inventory_hostname"])

    def _say(self, what: str) -> None:
        """A line of progress, for people who look on."""
        self._display.display(f"    {self._host}: {what}")

    def _done(self, what: str, seconds: Mapping[str, float]) -> None:
        """The same of what is done, with its times; the summary repeats it."""
        parts = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        line = f"{what}{': ' + parts if parts else ''}"
        self._progress.append(f"{self._host}: {line}")
        self._say(line)
