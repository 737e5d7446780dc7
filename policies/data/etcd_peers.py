"""CKV_SLIP_204."""

from __future__ import annotations

from policies.data.etcd_clients import EtcdClients


class EtcdPeers(EtcdClients):
    """A member that anybody may add hears all and votes."""

    id = "CKV_SLIP_204"
    name = "etcd's members believe each other by certificate, over TLS"
    mend = "listen-peer-urls https://…; peer-transport-security: client-cert-auth true with trusted-ca-file."
    section = "peer-transport-security"
    addresses = ("listen-peer-urls", "initial-advertise-peer-urls")


policy = EtcdPeers()
