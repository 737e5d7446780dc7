"""CKV_SLIP_137."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

ALIVE_ONLY = re.compile(r"live|alive|ping|/$|robots\.txt|favicon|\.(?:css|js|png|ico)$", re.IGNORECASE)


class Readiness(EnvironmentPolicy):
    """A probe that is answered without the database says healthy of an application that answers nobody."""

    id = "CKV_SLIP_137"
    name = "Probes ask for readiness, not whether a process lives"
    level = "high"
    audit = Audit.BLIND
    reference = "Kubernetes documentation: liveness, readiness and startup probes"
    mend = "probe.path: an endpoint that fails without the database and the stores; probe.body: a good answer's."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, process, stated in subject.processes():
            probe = stated["probe"]
            # Who states the body that an answer must have has looked at what the endpoint says.
            if "path" in probe and ALIVE_ONLY.search(str(probe["path"])) and not probe.get("body"):
                yield f"{application}.{process}: {probe['path']} says little; state the body of a good answer"
            if not {"path", "command", "none"} & set(probe):
                yield f"{application}.{process} has no probe"


policy = Readiness()
