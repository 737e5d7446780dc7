"""One run at a time changes an environment: see the documentation in plugins/modules/environment_lock.py."""

from __future__ import annotations

import fcntl
import getpass
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


def started(pid: int) -> str:
    """When a process started, in ticks since boot: with the pid it names a process. Empty when there is none."""
    try:
        # The name in parentheses may hold blanks; the start time is the 20th field after it.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def is_playbook(word: str) -> bool:
    return word.endswith((".yml", ".yaml")) and not set("=@{") & set(word)


class ActionModule(ActionBase):  # type: ignore[misc]
    """Write down that this process of ansible-playbook holds the environment, unless another that lives does."""

    _supports_check_mode = True
    _requires_connection = False
    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("environment", "path"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        if self._task.check_mode:
            return {**result, "changed": False}
        path = Path(self._task.args["path"])
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as stream:
            # Held for the moment of looking and writing only: this worker ends with its task, and its locks with it.
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            holder = self._holder(stream.read())
            # Tasks run in workers; the process that forked them lasts as long as the playbook.
            parent = multiprocessing.parent_process()
            own = parent.pid if parent and parent.pid else os.getpid()
            if holder and holder["pid"] != own:
                raise AnsibleActionFail(
                    f"Environment {self._task.args['environment']} is being changed by process {holder['pid']}"
                    f" of {holder['user']} since {holder['since']} ({holder['command']}). Nothing was changed."
                    " Mend: wait for its end, or end it, and run this again."
                )
            stream.truncate(0)
            json.dump(
                {
                    "pid": own,
                    "started": started(own),
                    "user": getpass.getuser(),
                    "since": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
                    # Options stay out of it: a secret may be among them.
                    "command": " ".join(
                        [Path(sys.argv[0]).name, *(word for word in sys.argv[1:] if is_playbook(word))]
                    ),
                },
                stream,
            )
        return {**result, "changed": False}

    @staticmethod
    def _holder(text: str) -> dict[str, Any] | None:
        """Who wrote the file, if that process still lives."""
        try:
            holder: dict[str, Any] = json.loads(text)
            return holder if holder["started"] and started(holder["pid"]) == holder["started"] else None
        except (ValueError, KeyError, TypeError):  # empty, or cut short when its writer died
            return None
