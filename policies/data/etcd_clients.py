"""CKV_SLIP_203."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.base import Audit, FilePolicy
from policies.readers import document
from policies.subjects import Spec


class EtcdClients(FilePolicy):
    """Whoever writes into etcd decides which database leads."""

    id = "CKV_SLIP_203"
    name = "etcd believes clients by certificate, over TLS"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "https://etcd.io/docs/v3.5/op-guide/security/"
    mend = "listen-client-urls https://…; client-transport-security: client-cert-auth true with trusted-ca-file."
    file = "/etc/etcd/etcd.yml"
    section = "client-transport-security"
    addresses = ("listen-client-urls", "advertise-client-urls")

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = document(subject, self.file)
        for name in self.addresses:
            if not all(url.startswith("https://") for url in str(stated[name]).split(",")):
                yield f"{name} is {stated[name]}"
        security = stated.get(self.section) or {}
        if security.get("client-cert-auth") is not True:
            yield f"{self.section}.client-cert-auth is not true"
        if not security.get("trusted-ca-file") or security.get("auto-tls") or security.get("peer-auto-tls"):
            yield f"{self.section} does not name the authority to believe"
        yield from self.more(stated)

    def more(self, stated: dict[str, Any]) -> Iterator[str]:
        """What is peculiar to clients."""
        for url in str(stated.get("listen-metrics-urls") or "https://").split(","):
            if not url.strip().startswith(("https://", "http://127.0.0.1:")):
                yield f"listen-metrics-urls is {url.strip()}"


policy = EtcdClients()
