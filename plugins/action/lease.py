"""One rollout of an application at a time, whoever begins it wherever: see plugins/modules/lease.py."""

from __future__ import annotations

import getpass
import multiprocessing
import os
import socket
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.kit.plugins.action.environment_lock import started

POLL = 2.0


def holder(purpose: str) -> dict[str, Any]:
    """Who holds it. Tasks run in workers; the process that forked them lasts as long as the playbook.

    ``machine`` says where its process can be looked for: the same boot of the same machine, in the same PID namespace.
    """
    parent = multiprocessing.parent_process()
    pid = parent.pid if parent and parent.pid else os.getpid()
    boot = Path("/proc/sys/kernel/random/boot_id")
    return {
        "who": f"{getpass.getuser()}@{socket.gethostname()}",
        "machine": f"{boot.read_text().strip() if boot.exists() else ''}/{os.stat('/proc/self/ns/pid').st_ino}",
        "pid": pid,
        "started": started(pid),
        "purpose": purpose,
        "since": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
    }


def gone(found: dict[str, Any], own: dict[str, Any]) -> bool:
    """Whether the process that holds it ran where we do, and has ended."""
    return bool(found["machine"] == own["machine"] and started(found["pid"]) != found["started"])


class ActionModule(ActionBase):  # type: ignore[misc]
    """A key in etcd that vanishes by itself; the run that holds it puts it anew before each part of its work."""

    _supports_check_mode = True
    _requires_connection = True
    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        ("container", "application", "purpose", "ttl", "wait", "state", "revision", "record", "keep")
    )

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = {**super().run(tmp, task_vars), "changed": False}
        self._task_vars = task_vars or {}
        args = self._task.args
        if self._task.check_mode:
            return result
        record = args.get("record") or {}
        if args.get("state", "held") == "released":
            return {**result, **self._release(record)}
        own = holder(str(args["purpose"]))
        also = {self._key(f"history/{record['began']}"): {**record, "who": own["who"]}} if record else {}
        deadline = time.monotonic() + int(args.get("wait") or 0)
        revision = int(args.get("revision") or 0)
        told = False
        while True:
            answer = self._etcd({"value": own, "revision": revision, "ttl": int(args["ttl"]), "also": also})
            if answer["done"]:
                return {**result, "revision": answer["revision"], "who": own["who"]}
            found = answer["found"][0] if answer["found"] else None
            if found is None:
                revision = 0  # it has expired since
            elif gone(found["value"], own):
                self._display.display(
                    f"    {self._said(found['value'])} That process has ended: its lease is taken over."
                )
                revision = found["revision"]
            elif time.monotonic() >= deadline:
                raise AnsibleActionFail(
                    f"{self._said(found['value'])} Nothing was changed. Mend: wait for its end, which"
                    " -e app_lease_wait=SECONDS does. Of a run that died on another machine the lease ends by itself."
                )
            else:
                if not told:
                    self._display.display(f"    {self._said(found['value'])} Waiting.")
                    told = True
                revision = 0
                time.sleep(POLL)

    def _release(self, record: dict[str, Any]) -> dict[str, Any]:
        """Let go, and write down how it ended, which is true also where the lease was lost meanwhile."""
        key = self._key(f"history/{record['began']}")
        keep = {"keep": {self._key("history/"): int(self._task.args["keep"])}}
        ended = {"state": "absent", "revision": int(self._task.args["revision"]), "also": {key: record}, **keep}
        answer = self._etcd(ended)
        if not answer["done"]:
            answer = self._etcd({"key": key, "value": record, **keep})
        return {"changed": True, "history": answer["kept"]}

    def _key(self, name: str) -> str:
        return f"/slipway/{self._task.args['application']}/{name}"

    def _said(self, found: dict[str, Any]) -> str:
        return (
            f"Application {self._task.args['application']} is being changed by {found['who']}"
            f" (process {found['pid']}) since {found['since']}: {found['purpose']}."
        )

    def _etcd(self, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="slipway.kit.etcd_key",
            module_args={"container": self._task.args["container"], "key": self._key("lease"), **arguments},
            task_vars=self._task_vars,
        )
        if answer.get("failed"):
            raise AnsibleActionFail(str(answer.get("msg") or answer.get("module_stderr") or "etcd did not answer"))
        return answer
