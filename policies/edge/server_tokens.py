"""CKV_SLIP_181."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class ServerTokens(FilePolicy):
    """A version in every answer tells which holes to try."""

    id = "CKV_SLIP_181"
    name = "nginx does not tell its version"
    level = "low"
    audit = Audit.HEADERS
    reference = "CIS NGINX Benchmark: Ensure server_tokens directive is set to off"
    mend = "State server_tokens off in http{}."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        http = nginx(subject).http
        if [entry.args for entry in http.own("server_tokens")] != [("off",)]:
            yield "server_tokens is not off in http{}"
        yield from (f"line {entry.line}: {entry}" for entry in http.all("server_tokens") if entry.args != ("off",))


policy = ServerTokens()
