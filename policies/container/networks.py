"""CKV_SLIP_152."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

DATA = {"etcd", "postgres", "redis"}


class Networks(ContainerPolicy):
    """On a network of its own a store is not even asked by whoever took over an application, or the edge."""

    id = "CKV_SLIP_152"
    name = "Data services are on the backbone only, applications on their own network only"
    level = "high"
    audit = Audit.EXPOSURE
    reference = "NIST SP 800-190, 4.3.3: separation of network traffic"
    mend = "networks: backbone for data services, app-NAME for what belongs to an application, edge for nginx."
    evaluates = "container/networks"

    def problems(self, subject: Spec) -> Iterator[str]:
        names = {
            str(network["name"]).removeprefix(f"{subject.environment}-")
            for network in subject.container.get("networks") or []
        }
        if "host" in names or subject.container.get("network_mode") == "bridge":
            yield "it is on a network that the engine shares with everybody"
        if subject.service in DATA and names != {"backbone"}:
            yield f"it is on {', '.join(sorted(names))}"
        if subject.service == "nginx" and names != {"edge"}:
            yield f"nginx is on {', '.join(sorted(names))}"
        if subject.service.startswith("app-") and names - {subject.service}:
            yield f"it is on {', '.join(sorted(names))}, not only on {subject.service}"


policy = Networks()
