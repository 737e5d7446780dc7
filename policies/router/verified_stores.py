"""CKV_SLIP_193."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import haproxy
from policies.subjects import Spec


class VerifiedStores(FilePolicy):
    """Who leads is asked of whoever answers at an address, unless the answer comes with a certificate of its name."""

    id = "CKV_SLIP_193"
    name = "The router asks stores over TLS, and believes only their own certificates"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "https://docs.haproxy.org/3.0/configuration.html#5.2-verify"
    mend = "default-server check-ssl verify required ca-file ca.crt, and verifyhost NAME for each server."
    file = "/etc/haproxy/haproxy.cfg"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = haproxy(subject)
        for title in configuration.sections:
            if not title.startswith("listen store-"):
                continue
            lines = configuration.inherited(title)
            defaults = [word for line in lines if line[0] == "default-server" for word in line]
            for server in [line for line in lines if line[0] in ("server", "server-template")]:
                stated = f" {' '.join([*defaults, *server])} "
                for wanted in ("check-ssl", "verify required", "ca-file", "verifyhost"):
                    if f" {wanted} " not in stated:
                        yield f"{title}: server {server[1]} has no {wanted}"
                if " verify none " in stated or " no-check-ssl " in stated:
                    yield f"{title}: server {server[1]} is believed without a certificate"


policy = VerifiedStores()
