"""CKV_SLIP_164."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.base import Audit, TaskPolicy
from policies.subjects import Task, TaskFile

SECRET = re.compile(
    r"slipway_secrets\b|secrets_given\b|slipway_pki\b|\bpassword\b|passphrase|private_key_content", re.IGNORECASE
)
#: These hand secrets on to tasks, or replace them in all they say, differences too (tests/infra/test_secrets.py).
DISCREET = (
    "ansible.builtin.include_role",
    "ansible.builtin.include_tasks",
    "ansible.builtin.import_tasks",
    "slipway.kit.containers",
    "slipway.kit.rollout",
    "slipway.kit.postgres_databases",
    "slipway.kit.registry_images",
)
#: Names and counts, never values.
HARMLESS = re.compile(
    r"(?:slipway_secrets|secrets_given)(?:\s*\|\s*default\(\{\}\))?(?:\.keys\(\)|\s*\|\s*(?:length|count|list))"
)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield str(key)
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    else:
        yield HARMLESS.sub("", str(value))


class NoLog(TaskPolicy):
    """Ansible prints what a task is given when it fails, and with -v always."""

    id = "CKV_SLIP_164"
    name = "Tasks that are given secrets do not print them"
    level = "critical"
    audit = Audit.SECRETS
    reference = "https://docs.ansible.com/ansible/latest/reference_appendices/logging.html#protecting-sensitive-data-with-no-log"
    mend = 'no_log: "{{ slipway_no_log }}".'

    def concerns(self, subject: TaskFile) -> bool:
        # Texts that stand in the place of secrets while rendering.
        return not subject.path.endswith("/markers.yml")

    def problems(self, subject: TaskFile) -> Iterator[str]:
        for task in subject.tasks:
            stated = task.keywords.get("no_log")
            if self.secret(task) and not (stated is True or str(stated).strip() == "{{ slipway_no_log }}"):
                yield f"{task}: no_log is {stated!r}"

    @staticmethod
    def secret(task: Task) -> bool:
        if task.module in DISCREET or task.module.endswith((".assert", ".fail", ".debug")):
            return False
        given = [task.arguments, task.keywords.get("vars"), task.keywords.get("environment"), task.keywords.get("loop")]
        return any(SECRET.search(text) for value in given for text in _texts(value))


policy = NoLog()
