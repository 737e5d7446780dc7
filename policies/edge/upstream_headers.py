"""CKV_SLIP_191."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

ONCE = ("strict-transport-security", "x-frame-options", "x-content-type-options", "referrer-policy", "x-powered-by")
POLICY = "content-security-policy"


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
        configuration = nginx(subject)
        for site in configuration.sites:
            stated = Counter(entry.args[0].lower() for entry in site.effective("add_header"))
            yield from (f"line {site.line}: {name} is stated twice" for name, count in stated.items() if count > 1)
        # An application may send a content security policy of its own where the site's then gives way.
        maps = configuration.http.own("map")
        gives_way = {entry.args[1] for entry in maps if entry.args[0].startswith("$upstream_http_")}
        for location in configuration.proxied():
            hidden = {entry.args[0].lower() for entry in location.effective("proxy_hide_header")}
            hidden -= {entry.args[0].lower() for entry in location.effective("proxy_pass_header")}
            policy_header = configuration.header(location, POLICY)
            once = ONCE if policy_header and policy_header.args[1] in gives_way else (*ONCE, POLICY)
            if shown := [header for header in once if header not in hidden]:
                yield f"line {location.line}: {location} passes {', '.join(shown)} of the application"
            if any(entry.args[0].lower() == "server" for entry in location.effective("proxy_pass_header")):
                yield f"line {location.line}: {location} passes the server of the application"


policy = UpstreamHeaders()
