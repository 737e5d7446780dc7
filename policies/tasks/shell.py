"""CKV_SLIP_167."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.base import Audit, TaskPolicy
from policies.subjects import TaskFile

#: A command and the module that does its work idempotently and in check mode.
MODULES = {
    "docker": "community.docker",
    "systemctl": "ansible.builtin.systemd_service",
    "service": "ansible.builtin.service",
    "apt-get": "ansible.builtin.apt",
    "apt": "ansible.builtin.apt",
    "pip": "ansible.builtin.pip",
    "git": "ansible.builtin.git",
    "curl": "ansible.builtin.get_url",
    "wget": "ansible.builtin.get_url",
    "chmod": "ansible.builtin.file",
    "chown": "ansible.builtin.file",
    "mkdir": "ansible.builtin.file",
    "rm": "ansible.builtin.file",
    "useradd": "ansible.builtin.user",
    "openssl": "community.crypto",
    "psql": "community.postgresql",
    "sysctl": "ansible.posix.sysctl",
}


class Shell(TaskPolicy):
    """A shell line changes something each time, predicts nothing, and takes a variable's quotes for its own."""

    id = "CKV_SLIP_167"
    name = "Modules do the work, not shell lines"
    level = "medium"
    audit = Audit.DRIFT
    reference = "ansible-lint command-instead-of-shell, command-instead-of-module"
    mend = "Call the module; a command that has none as argv, with changed_when."

    def problems(self, subject: TaskFile) -> Iterator[str]:
        for task in subject.tasks:
            module = task.module.rpartition(".")[2]
            if module in ("shell", "raw"):
                yield f"{task}: {task.module}"
            if module == "command":
                arguments = task.arguments if isinstance(task.arguments, Mapping) else {"cmd": task.arguments}
                argv = arguments.get("argv") or str(arguments.get("cmd", "")).split()
                first = re.sub(r"^.*/", "", str(argv[0])) if isinstance(argv, list) and argv else ""
                if first in MODULES:
                    yield f"{task}: {first}, for which there is {MODULES[first]}"
                if "changed_when" not in task.keywords:
                    yield f"{task}: nothing says when it changes something"


policy = Shell()
