"""CKV_SLIP_174."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

UNSAFE = re.compile(r"'unsafe-(?:inline|eval|hashes)'")
#: Sources that anybody can serve from.
ANYBODY = {"*", "http:", "https:", "ws:", "wss:", "data:", "blob:", "filesystem:"}
#: What decides over scripts and frames; the first three fall back to default-src.
DECISIVE = ("script-src", "script-src-elem", "object-src", "frame-ancestors")


class ContentSecurityPolicy(FilePolicy):
    """It is what is left between an injected script and the session of whoever is logged in."""

    id = "CKV_SLIP_174"
    name = "Every site has a content security policy without unsafe sources"
    level = "high"
    audit = Audit.HEADERS
    reference = "OWASP Content Security Policy Cheat Sheet; W3C CSP Level 3"
    mend = "State headers.content_security_policy with default-src and frame-ancestors, nonces or hashes, no unsafe-*."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        for site in configuration.sites:
            header = configuration.header(site, "Content-Security-Policy")
            if header is None:
                yield f"line {site.line}: there is no Content-Security-Policy (report-only protects nobody)"
                continue
            if "always" not in header.args[2:]:
                yield f"line {header.line}: errors are without it (always is missing)"
            for value in configuration.values(header.args[1]):
                for word in sorted(set(UNSAFE.findall(value))):
                    yield f"line {header.line}: it allows {word}"
                parts = {words[0].lower(): words[1:] for part in value.split(";") if (words := part.split())}
                yield from (
                    f"line {header.line}: it says nothing of {part}"
                    for part in ("default-src", "frame-ancestors")
                    if part not in parts
                )
                for part in DECISIVE:
                    sources = parts.get(part, [] if part == "frame-ancestors" else parts.get("default-src", []))
                    # A browser that knows 'strict-dynamic' ignores schemes; they are there for those that do not.
                    if "'strict-dynamic'" not in sources and (wide := ANYBODY & set(sources)):
                        yield f"line {header.line}: {part} is anybody's: {', '.join(sorted(wide))}"


policy = ContentSecurityPolicy()
