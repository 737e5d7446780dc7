"""CKV_SLIP_153."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class Restarts(ContainerPolicy):
    """A process that crashed at night stays down until somebody comes."""

    id = "CKV_SLIP_153"
    name = "What serves comes back by itself"
    level = "medium"
    audit = Audit.SINGLE
    reference = (
        "CIS Docker Benchmark: Ensure that the 'on-failure' container restart policy is set to '5' (see why not here)"
    )
    mend = "restart_policy: unless-stopped, as the baseline has it. One-offs state why they have no healthcheck."

    def concerns(self, subject: Spec) -> bool:
        # A one-off runs to its end; it is known by the stated lack of a healthcheck.
        return not any(entry.option == "healthcheck" for entry in subject.relaxations)

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = subject.container.get("restart_policy")
        if stated not in ("unless-stopped", "always"):
            yield f"restart_policy is {stated!r}"


policy = Restarts()
