"""CKV_SLIP_177."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

DISCREET = {
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "origin",
    "origin-when-cross-origin",
}


class ReferrerPolicy(FilePolicy):
    """A link out of a page tells the other side its whole address, with the tokens in it."""

    id = "CKV_SLIP_177"
    name = "Links out of a site do not carry its paths"
    level = "medium"
    audit = Audit.TOKENS
    reference = "OWASP HTTP Headers Cheat Sheet: Referrer-Policy"
    mend = "State headers.referrer_policy: strict-origin-when-cross-origin, or a stricter one."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        for site in configuration.sites:
            header = configuration.header(site, "Referrer-Policy")
            if header is None or "always" not in header.args[2:]:
                yield f"line {site.line}: Referrer-Policy is not on every answer"
            elif header.args[1] not in DISCREET:
                yield f"line {header.line}: Referrer-Policy is {header.args[1]}"


policy = ReferrerPolicy()
