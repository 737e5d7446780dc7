"""CKV_SLIP_201."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import document
from policies.subjects import Spec


class PatroniApi(FilePolicy):
    """Patroni's interface restarts, reinitialises and fails over a database for whoever may call it."""

    id = "CKV_SLIP_201"
    name = "Patroni's interface speaks TLS, and asks for certificate and password"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "https://patroni.readthedocs.io/en/latest/security.html"
    mend = (
        "restapi: certfile, keyfile, cafile, verify_client optional or required; authentication in patroni-secrets.yml."
    )
    file = "/etc/patroni/patroni.yml"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = document(subject, self.file)
        api, control = stated["restapi"], stated["ctl"]
        if control.get("insecure") or not control.get("cacert"):
            yield "members believe whoever answers for each other (ctl: insecure, or no cacert)"
        yield from (f"restapi has no {name}" for name in ("certfile", "keyfile", "cafile") if not api.get(name))
        if api.get("verify_client") not in ("optional", "required"):
            yield f"verify_client is {api.get('verify_client')!r}: changes need no certificate"
        secrets = document(subject, "/etc/patroni/patroni-secrets.yml")
        if not (secrets.get("restapi") or {}).get("authentication", {}).get("password"):
            yield "restapi has no authentication: changes need no password"


policy = PatroniApi()
