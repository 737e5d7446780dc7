"""CKV_SLIP_180."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import Directive, nginx
from policies.subjects import Spec

CLOSED = {"444", "421"}


def _answers(server: Directive) -> bool:
    """Whether anything but a refusal may come of a server. Pages of errors are no answer of their own."""
    if any(entry.args[0] in CLOSED for entry in server.own("return")):
        return False
    locations = [entry for entry in server.all("location") if not entry.own("internal")]
    refused = [entry for entry in locations if any(stated.args[0] in CLOSED for stated in entry.own("return"))]
    return len(refused) < len(locations) or "/" not in [entry.args[-1] for entry in refused]


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
        for site in configuration.sites:
            for name in (name for entry in site.own("server_name") for name in entry.args):
                if name in ("", "_") or name.startswith("~") or "*" in name:
                    yield f"line {site.line}: a site goes by {name!r}, which is no name"
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
                rejected = any(entry.args == ("on",) for entry in server.own("ssl_reject_handshake"))
                # Whoever opened a connection for a known name may ask for another one on it.
                if _answers(server):
                    yield f"line {server.line}: the default_server of port {port} answers"
                if any("ssl" in entry.args for entry in server.own("listen")) and not rejected:
                    yield f"line {server.line}: it shows strangers a certificate (no ssl_reject_handshake)"


policy = UnknownHosts()
