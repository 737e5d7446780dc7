"""CKV_SLIP_172."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class TlsSessions(FilePolicy):
    """Session tickets are encrypted with a key that lives as long as nginx: whoever gets it reads all that was said."""

    id = "CKV_SLIP_172"
    name = "nginx issues no TLS session tickets"
    level = "medium"
    audit = Audit.PLAINTEXT
    reference = "Mozilla SSL configuration generator: https://ssl-config.mozilla.org/#server=nginx"
    mend = "State ssl_session_tickets off in http{}."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        for site in configuration.sites:
            stated = site.effective("ssl_session_tickets")
            if not stated or stated[0].args != ("off",):
                yield f"line {site.line}: ssl_session_tickets is not off"


policy = TlsSessions()
