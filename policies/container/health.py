"""CKV_SLIP_109."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec
from policies.units import seconds

# A check that cannot fail is worse than none: it says "healthy" of a container that does nothing.
CANNOT_FAIL = re.compile(r"(?:(?:/usr)?/bin/)?(?:true|:|echo\b.*|exit 0|sleep \d+)|.*\|\|\s*(?:true|exit 0|:)\s*")
SLOWEST = 60.0


class Healthcheck(ContainerPolicy):
    """Rollouts, failover and the operator all believe the healthcheck; it must exist and must be able to fail."""

    id = "CKV_SLIP_109"
    name = "A healthcheck is present and can fail"
    level = "medium"
    audit = Audit.BLIND
    reference = "CIS Docker Benchmark: Ensure that container health is checked at runtime"
    mend = (
        "State healthcheck.test with a command that asks the service, an interval up to a minute, timeout and retries."
    )
    evaluates = "container/healthcheck"
    relaxed_by = frozenset({"healthcheck"})

    def problems(self, spec: Spec) -> Iterator[str]:
        check = spec.container.get("healthcheck") or {}
        test = check.get("test") or []
        words = [test] if isinstance(test, str) else [str(word) for word in test]
        if words and words[0] in ("CMD", "CMD-SHELL"):
            words = words[1:]
        command = " ".join(words).strip()
        if not command or command == "NONE":
            yield "there is no healthcheck"
            return
        if CANNOT_FAIL.fullmatch(command):
            yield f"the healthcheck cannot fail: {command}"
        if not 0 < seconds(check.get("interval")) <= SLOWEST:
            yield f"interval is {check.get('interval')!r}, not between 1 and {SLOWEST:.0f} seconds"
        if seconds(check.get("timeout")) <= 0:
            yield f"timeout is {check.get('timeout')!r}"
        if int(check.get("retries") or 0) < 1:
            yield f"retries is {check.get('retries')!r}"


policy = Healthcheck()
