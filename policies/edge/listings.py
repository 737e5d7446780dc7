"""CKV_SLIP_189."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec


class Listings(FilePolicy):
    """A listed folder shows what nobody linked; a status page shows who is there."""

    id = "CKV_SLIP_189"
    name = "No folder is listed and no status page is open"
    level = "medium"
    audit = Audit.EXPOSURE
    reference = "CIS NGINX Benchmark: Ensure directory listing is disabled"
    mend = "Leave autoindex off; keep stub_status on the container's loopback."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        http = nginx(subject).http
        yield from (f"line {entry.line}: {entry}" for entry in http.all("autoindex") if entry.args != ("off",))
        for entry in http.all("stub_status"):
            server = next(parent for parent in entry.parents if parent.name == "server")
            listens = [listen.args[0] for listen in server.own("listen")]
            if not listens or not all(listen.startswith("127.0.0.1:") for listen in listens):
                yield f"line {entry.line}: stub_status is open beyond the loopback"


policy = Listings()
