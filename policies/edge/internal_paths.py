"""CKV_SLIP_187."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class InternalPaths(FilePolicy):
    """A detailed health page names versions, hosts and what is broken: for operators, not for strangers."""

    id = "CKV_SLIP_187"
    name = "Every site keeps its detailed health page to itself"
    level = "medium"
    audit = Audit.EXPOSURE
    reference = "OWASP Web Security Testing Guide: Enumerate Infrastructure and Application Admin Interfaces"
    mend = "State the contract's internal: [/health/detail], or whatever path the application's details have."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        for site in nginx(subject).sites:
            closed = [
                location.args[-1]
                for location in site.all("location")
                if any(entry.args[0] in ("403", "404") for entry in location.own("return"))
                and not location.args[-1].startswith("/.slipway")
            ]
            if not closed:
                yield f"line {site.line}: no path of this site is closed to the outside"
            for location in site.all("location"):
                for path in {entry.rstrip("/") for entry in closed}:
                    below = location.args[-1] == path or location.args[-1].startswith(f"{path}/")
                    if path and below and location.own("proxy_pass"):
                        yield f"line {location.line}: {location} opens what is below {path}"


policy = InternalPaths()
