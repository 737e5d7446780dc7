"""CKV_SLIP_165."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.base import Audit, TaskPolicy
from policies.subjects import TaskFile

#: Modules that make files, with the modes that they would otherwise leave to the umask.
WRITERS = ("copy", "template", "get_url", "assemble", "lineinfile", "blockinfile")


class FileModes(TaskPolicy):
    """A file without a mode gets what the umask of whoever ran Ansible leaves it."""

    id = "CKV_SLIP_165"
    name = "Files are written with a mode that others cannot write"
    level = "medium"
    audit = Audit.PRIVILEGE
    reference = "CVE-2020-1736; ansible-lint risky-file-permissions"
    mend = 'mode: "0644", in quotes, or a stricter one.'

    def problems(self, subject: TaskFile) -> Iterator[str]:
        for task in subject.tasks:
            arguments = task.arguments if isinstance(task.arguments, Mapping) else {}
            module = task.module.rpartition(".")[2]
            makes = module in WRITERS or (module == "file" and arguments.get("state") in ("directory", "touch"))
            mode = arguments.get("mode")
            if makes and mode is None:
                yield f"{task}: no mode"
            elif mode is not None and (not isinstance(mode, str) or not mode.isdigit() or int(mode, 8) & 0o002):
                yield f"{task}: mode is {mode!r}"


policy = FileModes()
