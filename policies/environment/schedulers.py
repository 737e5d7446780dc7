"""CKV_SLIP_133."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

SCHEDULER = re.compile(r"\bbeat\b|schedul|\bcron\b|\bclock\b|qcluster", re.IGNORECASE)


class Schedulers(EnvironmentPolicy):
    """Two schedulers send every mail twice; none sends no mail."""

    id = "CKV_SLIP_133"
    name = "A scheduler is a singleton"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#starting-the-scheduler"
    mend = "State singleton: true, and one replica, for the process that schedules."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, process, stated in subject.processes():
            words = " ".join([process, *map(str, stated.get("command") or [])])
            if SCHEDULER.search(words) and not (stated["singleton"] and stated["replicas"] == 1):
                yield f"{application}.{process} schedules and is no singleton ({stated['replicas']} replicas)"


policy = Schedulers()
