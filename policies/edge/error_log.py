"""CKV_SLIP_186."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

QUIET = {"crit", "alert", "emerg"}


class ErrorLog(FilePolicy):
    """nginx writes whole request lines, query strings included, into its error log, and cannot shorten them."""

    id = "CKV_SLIP_186"
    name = "The error log holds only what is critical, on stderr"
    level = "medium"
    audit = Audit.TOKENS
    reference = "https://nginx.org/en/docs/ngx_core_module.html#error_log"
    mend = "error_log /dev/stderr crit; what fails for a client is in the access log, with its status."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        stated = [entry for entry in configuration.main if entry.name == "error_log"]
        stated += list(configuration.http.all("error_log"))
        if not stated:
            yield "error_log is not stated: the built-in one is a file, and holds errors"
        for entry in stated:
            if entry.args[0] not in ("stderr", "/dev/stderr"):
                yield f"line {entry.line}: {entry} is not stderr"
            if not set(entry.args[1:]) & QUIET:
                yield f"line {entry.line}: {entry} holds request lines of failed requests"


policy = ErrorLog()
