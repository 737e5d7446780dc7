"""CKV_SLIP_215."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import document
from policies.subjects import Spec


class PatroniStore(FilePolicy):
    """Whoever answers Patroni in the name of the consensus store tells a replica to lead, or the leader to stop."""

    id = "CKV_SLIP_215"
    name = "Patroni asks the consensus store over TLS, and shows a certificate of its own"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "https://patroni.readthedocs.io/en/latest/yaml_configuration.html#etcdv3"
    mend = "etcd3: protocol https, with cacert, cert and key."
    file = "/etc/patroni/patroni.yml"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = document(subject, self.file)
        store = stated["etcd3"]
        if store.get("protocol") != "https":
            yield f"etcd3.protocol is {store.get('protocol', 'http')}"
        yield from (f"etcd3 has no {name}" for name in ("cacert", "cert", "key") if not store.get(name))
        yield from (f"{name} is asked too" for name in ("etcd", "consul", "zookeeper", "raft") if name in stated)


policy = PatroniStore()
