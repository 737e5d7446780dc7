"""CKV_SLIP_178."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class HeaderNesting(FilePolicy):
    """One add_header in a location takes all of its server's away from it, the security headers among them."""

    id = "CKV_SLIP_178"
    name = "No location loses its server's headers by one of its own"
    level = "high"
    audit = Audit.HEADERS
    reference = "https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header"
    mend = "State headers in the server only; make those that differ by location variables of a map."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        for server in nginx(subject).servers:
            for stated in server.all("add_header"):
                if stated.parents[-1].name != "server":
                    yield f"line {stated.line}: add_header {stated.args[0]} inside {stated.parents[-1]}"


policy = HeaderNesting()
