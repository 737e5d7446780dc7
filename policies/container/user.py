"""CKV_SLIP_104."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class NumericUser(ContainerPolicy):
    """A name is looked up in the image, where it may mean 0; a number is what the kernel sees."""

    id = "CKV_SLIP_104"
    name = "The user is numeric and not root"
    level = "high"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that a user for the container has been created"
    mend = 'State user: "uid:gid" with two numbers above zero.'
    evaluates = "container/user"

    def problems(self, spec: Spec) -> Iterator[str]:
        user = spec.container.get("user")
        match = re.fullmatch(r"(\d+):(\d+)", str(user))
        if not match:
            yield f"user is {user!r}, not two numbers"
        elif 0 in (int(match[1]), int(match[2])):
            yield f"user {user} is root or in root's group"
        if "0" in spec.names("groups") or "root" in spec.names("groups"):
            yield "root's group is an additional group"


policy = NumericUser()
