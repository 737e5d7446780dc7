"""CKV_SLIP_185."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

WHOLE = re.compile(r"\$\{?(?:request|request_uri|uri|args|query_string)\b")


class AccessLogMasks(FilePolicy):
    """A path may hold a token too; and the part before the question mark must be all that is left of an address."""

    id = "CKV_SLIP_185"
    name = "Logged paths are cut at the question mark, by site and masked"
    level = "high"
    audit = Audit.TOKENS
    reference = "OWASP Logging Cheat Sheet: data to exclude; RFC 6750 section 5.3"
    mend = "State routes[].mask in the contract for routes with tokens in their paths."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        http = nginx(subject).http
        maps = {entry.args[1]: entry for entry in http.own("map")}
        logged = maps.get("$logged_path")
        if logged is None or "[^?]*" not in " ".join(row.name for row in logged.block):
            yield "no map $logged_path cuts $request_uri at the question mark"
        masked = maps.get("$masked_path")
        if masked is None or masked.args[0] != "$server_name":
            yield "no map $masked_path chooses the masks of a site"
        for variable, entry in maps.items():
            if variable != "$masked_path" and not variable.startswith("$logged_path"):
                continue
            if variable.startswith("$logged_path_") and entry.args[0] != "$logged_path":
                yield f"line {entry.line}: {variable} is made of {entry.args[0]}, which is not cut"
            for row in entry.block:
                if row.args and WHOLE.search(row.args[0]):
                    yield f"line {row.line}: {variable} may be {row.args[0]}"
        formats = " ".join(" ".join(entry.args[1:]) for entry in http.all("log_format"))
        if "$masked_path" not in formats:
            yield "the log_format does not use $masked_path"


policy = AccessLogMasks()
