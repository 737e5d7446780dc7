"""CKV_SLIP_176."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class ContentTypeOptions(FilePolicy):
    """A browser that guesses types runs what somebody uploaded as a picture."""

    id = "CKV_SLIP_176"
    name = "No browser guesses types, errors included"
    level = "medium"
    audit = Audit.HEADERS
    reference = "OWASP HTTP Headers Cheat Sheet: X-Content-Type-Options"
    mend = 'add_header X-Content-Type-Options "nosniff" always; in every server.'
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        for site in [*configuration.sites, *configuration.plain_sites]:
            header = configuration.header(site, "X-Content-Type-Options")
            if header is None or header.args[1] != "nosniff" or "always" not in header.args[2:]:
                yield f"line {site.line}: X-Content-Type-Options: nosniff is not on every answer"


policy = ContentTypeOptions()
