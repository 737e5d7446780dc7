"""The one way a container comes to be: see the documentation in plugins/modules/containers.py."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.kit.plugins.module_utils.container_plan import Plan, Step, plan
from ansible_collections.slipway.kit.plugins.module_utils.container_spec import (
    LABEL_ENVIRONMENT,
    Desired,
    HostFile,
    SpecError,
    document,
    expand,
    one_off,
)
from ansible_collections.slipway.kit.plugins.module_utils.redaction import Redactor

DOCKER = "community.docker"


class ActionModule(ActionBase):  # type: ignore[misc]
    """Ask the host once; hand only what differs to docker_container; wait for health; remove what nobody declares."""

    _supports_check_mode = True
    _requires_connection = True
    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        (
            "environment",
            "service",
            "state_dir",
            "specs",
            "baseline",
            "checksum_key",
            "secrets",
            "run",
            "timeout",
            "render_dir",
        )
    )

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        self._redact = Redactor(self._task.args.get("secrets") or {})
        try:
            desired = [self._expand(spec) for spec in self._task.args.get("specs") or []]
            one_offs = self._task.args.get("run")
            if self._task.args.get("render_dir"):
                return {**result, "changed": False, "due": False, "rendered": self._render(desired)}
            if one_offs:
                return {**result, **self._run_once(self._expand(one_offs), int(self._task.args.get("timeout") or 600))}
            return {**result, **self._converge(desired)}
        except SpecError as error:
            raise AnsibleActionFail(f"{self._task.args.get('service')}: {error}") from error

    def _expand(self, spec: dict[str, Any]) -> Desired:
        args = self._task.args
        return expand(
            spec,
            environment=args["environment"],
            service=args["service"],
            state_dir=args["state_dir"],
            baseline=args["baseline"],
            checksum_key=args["checksum_key"],
        )

    @property
    def _files_root(self) -> str:
        return f"{self._task.args['state_dir']}/files"

    def _render(self, desired: list[Desired]) -> list[str]:
        host = self._task_vars["inventory_hostname"]
        directory = Path(self._task.args["render_dir"]) / host
        directory.mkdir(parents=True, exist_ok=True)
        written = []
        for entry in desired:
            path = directory / f"{entry.name}.json"
            path.write_text(json.dumps(document(entry, host), indent=2, sort_keys=True) + "\n")
            written.append(str(path))
        return written

    def _module(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name=name, module_args=arguments, task_vars=self._task_vars
        )
        if result.get("failed"):
            message = result.get("msg") or result.get("module_stderr") or result.get("module_stdout") or "no message"
            raise AnsibleActionFail(self._redact(f"{name.rsplit('.', 1)[-1]} {arguments.get('name', '')}: {message}"))
        return result

    def _state(self, desired: list[Desired]) -> dict[str, Any]:
        wanted_files = [
            {
                "path": file.host_path,
                "sha256": file.sha256,
                "mode": file.mode,
                "uid": entry.uid,
                "gid": entry.gid,
                "secret": file.secret,
            }
            for entry in desired
            for file in (*entry.files, *([entry.loaded] if entry.loaded else []))
        ]
        return self._module(
            "slipway.kit.host_state",
            {
                "environment": self._task.args["environment"],
                "service": self._task.args["service"],
                "names": [entry.name for entry in desired],
                "images": sorted({entry.image for entry in desired}),
                "networks": sorted({name for entry in desired for name in entry.networks}),
                "volumes": sorted({name for entry in desired for name in entry.volumes}),
                "files_dir": self._files_root,
                "files": wanted_files,
            },
        )

    def _predicted(
        self, desired: list[Desired], state: dict[str, Any], planned: Plan, before: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The result of a run as far as it is known before anything is done."""
        lines = [*before, *planned.lines()]
        result: dict[str, Any] = {
            "changed": planned.changed,
            "plan": lines,
            "due": bool(planned.changed or planned.steps),
            "disturbs": planned.disturbs,
        }
        if self._task.diff and planned.changed:
            result["diff"] = self._diff(desired, planned, state, lines)
        return result

    def _converge(self, desired: list[Desired]) -> dict[str, Any]:
        state = self._state(desired)
        planned = plan(desired, state)
        result = self._predicted(desired, state, planned)
        if self._task.check_mode or not (planned.changed or planned.steps):
            return result
        self._require_images(planned, state)
        self._networks_and_volumes(desired, planned, state)
        self._write_files(desired, planned, state)
        self._apply(planned, state["images"])
        for step in planned.steps:
            if step.action == "remove":
                self._remove(step.name)
        return result

    def _require_images(self, planned: Plan, state: dict[str, Any]) -> None:
        missing = sorted({step.desired.image for step in planned.steps if step.desired} - set(state["images"]))
        if missing:
            host = self._task_vars["inventory_hostname"]
            raise AnsibleActionFail(
                f"{self._task.args['service']}: the engine of {host} has no image {', '.join(missing)}."
                " Mend: run playbooks/images.yml (site.yml does) before this step."
            )

    def _networks_and_volumes(self, desired: list[Desired], planned: Plan, state: dict[str, Any]) -> None:
        labels = {LABEL_ENVIRONMENT: self._task.args["environment"]}
        for name in planned.networks:
            self._module(f"{DOCKER}.docker_network", {"name": name, "driver": "bridge", "labels": labels})
        for name in planned.volumes:
            self._module(f"{DOCKER}.docker_volume", {"name": name, "labels": labels})
        for volume, _ in planned.owners:
            image = next(state["images"][entry.image] for entry in desired if volume in entry.owned)
            self._module("slipway.kit.volume_owner", {**asdict(volume), "image": image, "labels": labels})

    def _write_files(self, desired: list[Desired], planned: Plan, state: dict[str, Any]) -> None:
        """New files are tried by the daemon that reads them before they replace the old."""
        differing = set(planned.files)
        for entry in desired:
            if entry.validate and any(file.host_path in differing for file in entry.files):
                self._validate(entry, state["images"][entry.image])
        self._put(
            self._files_root,
            [(file, entry) for entry in desired for file in entry.files if file.host_path in differing],
            list(planned.stray_files),
        )

    def _put(self, root: str, files: list[tuple[HostFile, Desired]], absent: list[str], strip: str = "") -> None:
        if not files and not absent:
            return
        entries = [
            {
                "path": root + file.host_path.removeprefix(strip) if strip else file.host_path,
                "content": file.content,
                "mode": file.mode,
                "uid": entry.uid,
                "gid": entry.gid,
            }
            for file, entry in files
        ]
        self._module("slipway.kit.host_files", {"root": root, "files": entries, "absent": absent})

    def _validate(self, entry: Desired, image_id: str) -> None:
        staging = f"{self._task.args['state_dir']}/staging"
        self._put(staging, [(file, entry) for file in entry.files], [], strip=self._files_root)
        arguments = one_off(entry, f"{entry.name}-validate", entry.validate)
        arguments["mounts"] = [
            {**mount, "source": staging + mount["source"].removeprefix(self._files_root)}
            for mount in arguments["mounts"]
        ]
        try:
            outcome = self._start_and_wait(arguments, image_id, entry, 120)
        finally:
            self._module("slipway.kit.host_files", {"root": staging, "absent": [f"{staging}/{entry.name}"]})
        if outcome["status"] != 0:
            raise AnsibleActionFail(
                f"{entry.name}: the new configuration was refused by `{' '.join(entry.validate)}`; the old one is"
                f" still in place.\n{outcome['output']}"
            )

    def _start_and_wait(self, arguments: dict[str, Any], image_id: str, entry: Desired, timeout: int) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name=f"{DOCKER}.docker_container",
            module_args={
                **arguments,
                "image": image_id,
                "pull": "never",
                "labels": entry.labels,
                "state": "started",
                "recreate": True,
                "detach": False,
                "output_logs": False,
                "cleanup": True,
                "timeout": timeout,
                "entrypoint": arguments.get("entrypoint", []) if "entrypoint" in arguments else None,
            },
            task_vars=self._task_vars,
        )
        if "status" not in result:
            raise AnsibleActionFail(self._redact(f"{arguments['name']}: {result.get('msg', 'did not run')}"))
        output = (result.get("container") or {}).get("Output", "") or result.get("msg", "")
        return {"status": result["status"], "output": self._redact(str(output).rstrip())}

    def _run_once(self, entry: Desired, timeout: int) -> dict[str, Any]:
        """Run a one-off container to its end; its files are written first and deleted after."""
        if self._task.check_mode:
            return {"changed": True, "output": "", "plan": [f"run {entry.name}"]}
        with self._files_of([entry]) as images:
            return {"changed": True, **self._run_to_end(entry, images[entry.image], timeout)}

    @contextmanager
    def _files_of(self, entries: list[Desired]) -> Iterator[dict[str, str]]:
        """What one-off containers need is there for as long as the block lasts; yields image ids."""
        state = self._state(entries)
        planned = plan(entries, {**state, "containers": {}})
        self._require_images(planned, state)
        self._networks_and_volumes(entries, planned, state)
        self._put(self._files_root, [(file, entry) for entry in entries for file in entry.files], [])
        try:
            yield state["images"]
        finally:
            absent = [f"{self._files_root}/{entry.name}" for entry in entries]
            self._module("slipway.kit.host_files", {"root": self._files_root, "absent": absent})

    def _run_to_end(self, entry: Desired, image_id: str, timeout: int) -> dict[str, Any]:
        """Under a name of its own: an earlier run that lost its control process may be at work, and is not cut off."""
        arguments = one_off(entry, f"{entry.name}-{time.time_ns() // 10**6:x}")
        return self._start_and_wait(arguments, image_id, entry, timeout)

    def _apply(self, planned: Plan, images: dict[str, str]) -> None:
        """Group by start order. New containers of a group start together; running ones are replaced one at a time."""
        steps = [step for step in planned.steps if step.desired]
        for order in sorted({step.desired.order for step in steps if step.desired}):
            group = [step for step in steps if step.desired and step.desired.order == order]
            disturbed = [step for step in group if step.action in ("replace", "reload")]
            together = [step for step in group if step not in disturbed]
            for step in together:
                if step.action != "wait":
                    self._start(step, images)
            self._wait(together)
            for step in disturbed:
                (self._reload if step.action == "reload" else self._start)(step, images)
                self._wait([step])
            self._mark(group)

    def _start(self, step: Step, images: dict[str, str], *, name: str = "", state: str = "started") -> None:
        wanted = step.desired
        if wanted is None:
            return
        self._display.vv(f"<{self._task_vars['inventory_hostname']}> {step}")
        self._module(
            f"{DOCKER}.docker_container",
            {
                **wanted.arguments,
                "name": name or wanted.name,
                "image": images[wanted.image],
                "pull": "never",
                "labels": wanted.labels,
                "state": state,
                "recreate": step.action == "replace",
                "container_default_behavior": "no_defaults",
                "timeout": 120,
            },
        )

    def _reload(self, step: Step, _images: dict[str, str]) -> None:
        """Have the program read its files anew: the container's first process hands the signal on."""
        wanted = step.desired
        if wanted is None:
            return
        self._display.vv(f"<{self._task_vars['inventory_hostname']}> {step}")
        command = ["sh", "-c", f"kill -s {wanted.reload.removeprefix('SIG')} 1"]
        outcome = self._module(f"{DOCKER}.docker_container_exec", {"container": wanted.name, "argv": command})
        if outcome["rc"] != 0:
            raise AnsibleActionFail(f"{wanted.name} did not take {wanted.reload}: {outcome['stderr'].strip()}")

    def _mark(self, steps: list[Step]) -> None:
        """Write down which files a program has read, once it has: a run that was interrupted before reloads again."""
        marks = [(step.desired.loaded, step.desired) for step in steps if step.desired and step.desired.loaded]
        self._put(self._files_root, marks, [])

    def _wait(self, steps: list[Step]) -> None:
        waiting = [step.desired for step in steps if step.desired]
        if not waiting:
            return
        outcome = self._module(
            "slipway.kit.container_health",
            {
                "containers": [
                    {"name": entry.name, "timeout": entry.wait_timeout, "checked": entry.checked} for entry in waiting
                ]
            },
        )
        if outcome["failed_containers"]:
            raise AnsibleActionFail(self._redact("\n".join(map(self._evidence, outcome["failed_containers"]))))

    @staticmethod
    def _evidence(failure: dict[str, str]) -> str:
        def indent(text: str) -> str:
            return "\n".join(f"    {line}" for line in text.splitlines()) or "    (nothing)"

        return (
            f"{failure['name']}: {failure['reason']}\n"
            f"  last health output:\n{indent(failure['health_output'])}\n"
            f"  last log lines:\n{indent(failure['log'])}"
        )

    def _remove(self, name: str) -> None:
        self._module(f"{DOCKER}.docker_container", {"name": name, "state": "absent", "keep_volumes": True})
        self._module("slipway.kit.host_files", {"root": self._files_root, "absent": [f"{self._files_root}/{name}"]})

    def _diff(
        self, desired: list[Desired], planned: Plan, state: dict[str, Any], lines: list[str]
    ) -> list[dict[str, Any]]:
        diffs: list[dict[str, Any]] = [
            {"prepared": f"plan for {self._task.args['service']}:\n" + "".join(f"  {line}\n" for line in lines)}
        ]
        diffs.extend(
            {
                "before_header": file.host_path,
                "after_header": file.host_path,
                "before": "[secret]\n" if file.secret else self._redact(state["files"][file.host_path]),
                "after": "[secret, changed]\n" if file.secret else self._redact(file.content),
            }
            for entry in desired
            for file in entry.files
            if file.host_path in planned.files
        )
        return diffs
