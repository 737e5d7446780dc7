"""CKV_SLIP_103."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class NoNewPrivileges(ContainerPolicy):
    """With no-new-privileges a setuid program left in an image gives nobody more rights than they came with."""

    id = "CKV_SLIP_103"
    name = "Processes cannot gain privileges"
    level = "high"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that the container is restricted from acquiring additional privileges"
    mend = "State security_opts: [no-new-privileges:true]."
    evaluates = "container/security_opts"
    relaxed_by = frozenset({"no_new_privileges"})

    def problems(self, spec: Spec) -> Iterator[str]:
        options = [entry.replace("=", ":", 1).lower() for entry in spec.names("security_opts")]
        if not {"no-new-privileges", "no-new-privileges:true"} & set(options):
            yield f"security_opts is {options}, without no-new-privileges"


policy = NoNewPrivileges()
