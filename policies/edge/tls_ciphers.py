"""CKV_SLIP_171."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

# The list of Mozilla's guidelines 5.7, intermediate.
INTERMEDIATE = frozenset(
    "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384"
    " ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305"
    " DHE-RSA-AES128-GCM-SHA256 DHE-RSA-AES256-GCM-SHA384 DHE-RSA-CHACHA20-POLY1305".split()
)


class TlsCiphers(FilePolicy):
    """A cipher without forward secrecy or authentication opens recorded traffic later."""

    id = "CKV_SLIP_171"
    name = "nginx offers no cipher outside Mozilla's intermediate list"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "Mozilla Server Side TLS, intermediate: https://wiki.mozilla.org/Security/Server_Side_TLS"
    mend = "State ssl_ciphers in http{} with names of the intermediate list."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        http = nginx(subject).http
        if not http.own("ssl_ciphers"):
            yield "ssl_ciphers is not stated in http{}"
        for stated in http.all("ssl_ciphers"):
            if weak := set(stated.args[0].split(":")) - INTERMEDIATE:
                yield f"line {stated.line}: ssl_ciphers offers {', '.join(sorted(weak))}"
        for stated in http.all("ssl_conf_command"):
            if stated.args[0].lower() == "cipherstring":
                yield f"line {stated.line}: {stated} overrules ssl_ciphers"


policy = TlsCiphers()
