"""CKV_SLIP_154."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

LEAST = 5
LONGEST = 3600


class StopGrace(ContainerPolicy):
    """What is killed before it finished drops the requests and transactions under way."""

    id = "CKV_SLIP_154"
    name = "Every process gets time to stop"
    level = "medium"
    audit = Audit.SINGLE
    reference = "The Twelve-Factor App: IX. Disposability"
    mend = "stop_grace: as long as the longest request; stop_signal: the one that drains."

    def problems(self, subject: Spec) -> Iterator[str]:
        if subject.live is not None and subject.container.get("stop_timeout") is None:
            yield "there is no stop_timeout: it is killed after the engine's ten seconds"
            return
        grace = int(subject.container.get("stop_timeout") or 0)
        if not LEAST <= grace <= LONGEST:
            yield f"stop_timeout is {grace} s, not between {LEAST} and {LONGEST}"
        if str(subject.container.get("stop_signal")) in ("SIGKILL", "9", "KILL"):
            yield "stop_signal is SIGKILL"


policy = StopGrace()
