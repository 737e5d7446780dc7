"""CKV_SLIP_204."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.data.etcd_clients import EtcdClients


class EtcdPeers(EtcdClients):
    """A member that anybody may add hears all and votes."""

    id = "CKV_SLIP_204"
    name = "etcd's members believe each other by certificate, over TLS"
    mend = "listen-peer-urls https://…; peer-transport-security: client-cert-auth true with trusted-ca-file."
    section = "peer-transport-security"
    addresses = ("listen-peer-urls", "initial-advertise-peer-urls")

    def more(self, stated: dict[str, Any]) -> Iterator[str]:
        for member in str(stated["initial-cluster"]).split(","):
            if not member.partition("=")[2].startswith("https://"):
                yield f"initial-cluster has {member}"


policy = EtcdPeers()
