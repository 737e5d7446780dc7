"""CKV_SLIP_173."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

TWO_YEARS = 63072000


class Hsts(FilePolicy):
    """Without it a visitor's first request, and every one that somebody downgrades, goes out in the clear."""

    id = "CKV_SLIP_173"
    name = "Every site promises TLS for two years, on every answer"
    level = "high"
    audit = Audit.HEADERS
    reference = "RFC 6797; Mozilla SSL configuration generator: max-age=63072000"
    mend = 'State headers.hsts_max_age: 63072000 in the contract, or add_header Strict-Transport-Security "…" always.'
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        for site in configuration.sites:
            header = configuration.header(site, "Strict-Transport-Security")
            if header is None:
                yield f"line {site.line}: there is no Strict-Transport-Security"
                continue
            ages = [re.search(r"max-age=(\d+)", value) for value in configuration.values(header.args[1])]
            if min(int(age[1]) if age else 0 for age in ages) < TWO_YEARS:
                yield f"line {header.line}: max-age is less than {TWO_YEARS}"
            if "always" not in header.args[2:]:
                yield f"line {header.line}: errors are without it (always is missing)"


policy = Hsts()
