"""CKV_SLIP_225."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, HostPolicy
from policies.subjects import Host


class EtcdEffective(HostPolicy):
    """Certificates that nobody demands are decoration."""

    id = "CKV_SLIP_225"
    name = "etcd refuses clients without a certificate"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "https://etcd.io/docs/v3.5/op-guide/security/"
    mend = "client-cert-auth true with trusted-ca-file; restart the member."

    def concerns(self, subject: Host) -> bool:
        return "etcd" in subject.effective

    def problems(self, subject: Host) -> Iterator[str]:
        said = subject.effective["etcd"]["without a certificate"]
        if said != "refused":
            yield f"a client without a certificate is {said}"


policy = EtcdEffective()
