"""CKV_SLIP_180."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class UnknownHosts(FilePolicy):
    """A Host header that nobody configured reaches links in mails and caches when it is let through."""

    id = "CKV_SLIP_180"
    name = "Names that no application has are rejected"
    level = "high"
    audit = Audit.EXPOSURE
    reference = "OWASP Web Security Testing Guide: Testing for Host Header Injection"
    mend = "A default_server on each port: ssl_reject_handshake on for TLS, return 444 for plain HTTP."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        ports = {
            entry.args[0] for site in [*configuration.sites, *configuration.plain_sites] for entry in site.own("listen")
        }
        for port in sorted(ports):
            default = [
                server
                for server in configuration.servers
                for entry in server.own("listen")
                if entry.args[0] == port and "default_server" in entry.args
            ]
            if not default:
                yield f"port {port} has no default_server: its first site answers for every name"
            for server in default:
                closed = {entry.args[0] for entry in server.all("return")} & {"444", "421"}
                rejected = any(entry.args == ("on",) for entry in server.own("ssl_reject_handshake"))
                if server.name and not closed and not rejected:
                    yield f"line {server.line}: the default_server of port {port} answers"
                if "ssl" in str(server.own("listen")[0]) and not rejected:
                    yield f"line {server.line}: it shows strangers a certificate (no ssl_reject_handshake)"


policy = UnknownHosts()
