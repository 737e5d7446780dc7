"""CKV_SLIP_191."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

ONCE = ("strict-transport-security", "x-frame-options", "x-content-type-options", "referrer-policy", "x-powered-by")


class UpstreamHeaders(FilePolicy):
    """A security header that comes twice, from nginx and from the application, is read by browsers as neither."""

    id = "CKV_SLIP_191"
    name = "Security headers are stated once, by nginx"
    level = "low"
    audit = Audit.HEADERS
    reference = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header"
    mend = "proxy_hide_header for each header that the site states, and for X-Powered-By."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        for location in nginx(subject).proxied():
            hidden = {entry.args[0].lower() for entry in location.effective("proxy_hide_header")}
            if shown := [header for header in ONCE if header not in hidden]:
                yield f"line {location.line}: {location} passes {', '.join(shown)} of the application"


policy = UpstreamHeaders()
