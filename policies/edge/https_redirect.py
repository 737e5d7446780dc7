"""CKV_SLIP_179."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class HttpsRedirect(FilePolicy):
    """What is answered over plain HTTP can be read and changed on the way."""

    id = "CKV_SLIP_179"
    name = "Plain HTTP leads to HTTPS and answers nothing else"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "OWASP Transport Layer Security Cheat Sheet: use TLS for all pages"
    mend = "In the server without TLS: location / { return 308 https://$host$request_uri; } and no proxy_pass."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        if len(configuration.plain_sites) < len(configuration.sites):
            yield "a site has no server that leads from plain HTTP to it"
        for site in configuration.plain_sites:
            for stated in site.all("proxy_pass"):
                yield f"line {stated.line}: {stated} is reached over plain HTTP"
            returns = [entry for entry in site.all("return") if entry.args[-1].startswith("https://")]
            if not any(entry.args[0] in ("301", "308") for entry in returns):
                yield f"line {site.line}: nothing here leads to https://"


policy = HttpsRedirect()
