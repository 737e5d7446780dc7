"""CKV_SLIP_170."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

ALLOWED = {"TLSv1.2", "TLSv1.3"}


class TlsProtocols(FilePolicy):
    """Old protocol versions are broken; stated in http{}, for the default server would void what a site states."""

    id = "CKV_SLIP_170"
    name = "nginx speaks TLS 1.2 and 1.3 only"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "Mozilla Server Side TLS, intermediate: https://wiki.mozilla.org/Security/Server_Side_TLS"
    mend = "State ssl_protocols TLSv1.2 TLSv1.3 in http{} and nowhere else."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        http = nginx(subject).http
        if not http.own("ssl_protocols"):
            yield "ssl_protocols is not stated in http{}"
        for stated in http.all("ssl_protocols"):
            if weak := set(stated.args) - ALLOWED:
                yield f"line {stated.line}: ssl_protocols allows {', '.join(sorted(weak))}"
        for stated in http.all("ssl_conf_command"):
            if stated.args[0].lower().endswith("protocol"):
                yield f"line {stated.line}: {stated} overrules ssl_protocols"


policy = TlsProtocols()
