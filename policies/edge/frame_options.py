"""CKV_SLIP_175."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class FrameOptions(FilePolicy):
    """A page inside somebody else's frame is clicked on without being seen."""

    id = "CKV_SLIP_175"
    name = "No site may be framed by strangers, errors included"
    level = "medium"
    audit = Audit.HEADERS
    reference = "OWASP Clickjacking Defense Cheat Sheet; RFC 7034"
    mend = "State headers.frame_options: DENY or SAMEORIGIN in the contract."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        for site in [*configuration.sites, *configuration.plain_sites]:
            header = configuration.header(site, "X-Frame-Options")
            if header is None or "always" not in header.args[2:]:
                yield f"line {site.line}: X-Frame-Options is not on every answer"
            elif not set(configuration.values(header.args[1])) <= {"DENY", "SAMEORIGIN"}:
                yield f"line {header.line}: X-Frame-Options is {header.args[1]}"


policy = FrameOptions()
