"""CKV_SLIP_139."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment


class Quorum(EnvironmentPolicy):
    """An even number of voters survives no more than the odd one below it; two survive nothing."""

    id = "CKV_SLIP_139"
    name = "Those who vote are odd in number"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://etcd.io/docs/v3.5/faq/#why-an-odd-number-of-cluster-members; Redis Sentinel documentation"
    mend = "Put one, three or five hosts into the groups consensus (etcd) and redis (Sentinel)."
    evaluates = "topology"

    def problems(self, subject: Environment) -> Iterator[str]:
        for group in ("consensus", "redis"):
            count = len(subject.topology[group])
            if count % 2 == 0:
                yield f"group {group} has {count} hosts"


policy = Quorum()
