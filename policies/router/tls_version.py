"""CKV_SLIP_197."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import haproxy
from policies.subjects import Spec

OLD = re.compile(r"ssl-min-ver (?!TLSv1\.[23]\b)|force-(?:sslv3|tlsv1[01])", re.IGNORECASE)
# Names without a sign before them are offered; those with one are taken away.
WEAK = re.compile(r"(?:[ :+])(?:[ae]?NULL|ALL|DEFAULT|COMPLEMENT\w+|LOW|MEDIUM|EXP\w*|RC4|3?DES|MD5|ADH|AECDH)\b")


class RouterTls(FilePolicy):
    """Old protocol versions are broken inside a network as well as outside."""

    id = "CKV_SLIP_197"
    name = "The router speaks TLS 1.2 or later to the stores"
    level = "medium"
    audit = Audit.PLAINTEXT
    reference = "Mozilla Server Side TLS, intermediate: https://wiki.mozilla.org/Security/Server_Side_TLS"
    mend = "ssl-default-server-options ssl-min-ver TLSv1.2 in section global."
    file = "/etc/haproxy/haproxy.cfg"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = [line for line in haproxy(subject).sections["global"] if line[0] == "ssl-default-server-options"]
        if not any(
            "ssl-min-ver TLSv1.2" in " ".join(line) or "ssl-min-ver TLSv1.3" in " ".join(line) for line in stated
        ):
            yield "ssl-default-server-options has no ssl-min-ver TLSv1.2"
        for title, lines in haproxy(subject).sections.items():
            for text in (" ".join(line) for line in lines):
                if OLD.search(text):
                    yield f"{title}: '{text}' speaks older versions"
                if "-ciphers " in f" {text}" and WEAK.search(text):
                    yield f"{title}: '{text}' holds what is broken"


policy = RouterTls()
