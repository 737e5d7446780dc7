"""CKV_SLIP_168."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, TaskPolicy
from policies.subjects import TaskFile

#: The one door: everything else that makes a container goes through it.
DOORS = {
    "community.docker.docker_container",
    "community.docker.docker_compose_v2",
    "community.docker.docker_swarm_service",
}
ALLOWED = {"playbooks/destroy.yml"}


class Modules(TaskPolicy):
    """A container that is made beside the one way that makes them has no baseline, and no policy ever sees it."""

    id = "CKV_SLIP_168"
    name = "Containers come to be in role container only; modules have full names"
    level = "high"
    audit = Audit.DRIFT
    reference = "docs/adr/0002-one-action-plugin-makes-containers.md"
    mend = "Hand a spec to role container; write a module's collection."

    def problems(self, subject: TaskFile) -> Iterator[str]:
        for task in subject.tasks:
            if task.module in DOORS and subject.path not in ALLOWED:
                yield f"{task}: {task.module}"
            if task.module.count(".") < 2:
                yield f"{task}: {task.module or 'no module'} has no full name"


policy = Modules()
