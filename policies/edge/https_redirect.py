"""CKV_SLIP_179."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import Directive, nginx
from policies.subjects import Spec


def _leads(entry: Directive) -> bool:
    """Whether a return sends a client for good to the same name with TLS."""
    same = entry.args[-1].startswith(("https://$host", "https://$server_name"))
    return entry.args[0] in ("301", "308") and same


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
            if any(_leads(entry) for entry in site.own("return")):
                continue
            locations = [entry for entry in site.all("location") if not entry.own("internal")]
            if "/" not in [entry.args[-1] for entry in locations]:
                yield f"line {site.line}: nothing here leads to https://"
            for location in locations:
                # Authorities ask for their challenge over plain HTTP.
                challenge = location.args[-1].startswith("/.well-known/acme-challenge/")
                if not challenge and not any(_leads(entry) for entry in location.own("return")):
                    yield f"line {location.line}: {location} does not lead to https:// of the same name"


policy = HttpsRedirect()
