"""CKV_SLIP_188."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

SET = {
    "host": {"$host"},
    "x-forwarded-for": {"$remote_addr"},
    "x-forwarded-proto": {"$scheme", "https"},
    "x-forwarded-host": {"$host"},
    "x-real-ip": {"$remote_addr"},
    "forwarded": {""},
}
#: What frameworks and routers believe too: nginx says it, or takes it away.
SAID = ("x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server", "x-original-url", "x-rewrite-url", "proxy")
#: A network this wide is everybody.
WIDEST = {4: 8, 6: 16}


class ForwardedHeaders(FilePolicy):
    """An address that a stranger sent and nginx passed on is believed by rate limits, logs and allow-lists."""

    id = "CKV_SLIP_188"
    name = "Forwarded headers are set by nginx, never taken from strangers"
    level = "high"
    audit = Audit.EXPOSURE
    reference = "RFC 7239 section 8.1; OWASP: IP spoofing by X-Forwarded-For"
    mend = "proxy_set_header X-Forwarded-For $remote_addr (not $proxy_add_x_forwarded_for), and the rest likewise."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        for entry in configuration.http.all("set_real_ip_from"):
            if entry.args[0] == "unix:":
                continue
            network = ipaddress.ip_network(entry.args[0])
            if network.prefixlen < WIDEST[network.version]:
                yield f"line {entry.line}: {entry} believes everybody's word for their address"
        for location in configuration.proxied():
            stated = {entry.args[0].lower(): entry.args[1] for entry in location.effective("proxy_set_header")}
            for header, allowed in SET.items():
                # A port that is not the usual one belongs to the name.
                if re.sub(r":\d+$", "", stated.get(header, "it came")) not in allowed:
                    yield f"line {location.line}: {location} passes {header} as {stated.get(header, 'it came')!r}"
            for header in SAID:
                if header not in stated or "$http_" in stated[header]:
                    yield f"line {location.line}: {location} passes {header} as {stated.get(header, 'it came')!r}"


policy = ForwardedHeaders()
