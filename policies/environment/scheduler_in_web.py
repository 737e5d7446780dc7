"""CKV_SLIP_134."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, truthy

STARTS = re.compile(
    r"(?:ENABLE|RUN|START|USE)_\w*(?:SCHEDULER|BEAT|CRON)|(?:SCHEDULER|BEAT|CRON)_(?:ENABLED|AUTOSTART)", re.IGNORECASE
)


class SchedulerInWeb(EnvironmentPolicy):
    """A scheduler inside a web process runs once for each replica and dies with each release."""

    id = "CKV_SLIP_134"
    name = "No scheduler runs inside a process that serves requests or works off queues"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html (-B is not for production)"
    mend = "Make the scheduler a process of its own, singleton: true."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, process, stated in subject.processes():
            if stated["singleton"]:
                continue
            command = [str(word) for word in stated.get("command") or []]
            if "celery" in " ".join(command) and {"-B", "--beat"} & set(command):
                yield f"{application}.{process}: its command starts a scheduler"
            env = {**subject.applications[application]["env"], **stated["env"]}
            yield from (
                f"{application}.{process}: {name} starts a scheduler in it"
                for name, value in env.items()
                if STARTS.search(str(name)) and truthy(str(value))
            )


policy = SchedulerInWeb()
