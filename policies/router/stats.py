"""CKV_SLIP_192."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import haproxy
from policies.subjects import Spec

SILENT = {"socket", "timeout", "maxconn", "bind-process"}


class Stats(FilePolicy):
    """HAProxy's page of statistics names every server, and its socket can switch them off."""

    id = "CKV_SLIP_192"
    name = "The router's statistics and control stay inside its container"
    level = "high"
    audit = Audit.EXPOSURE
    reference = "https://docs.haproxy.org/3.0/configuration.html#4-stats%20enable"
    mend = "Bind the section with stats to 127.0.0.1; let a stats socket be a path, never an address."
    file = "/etc/haproxy/haproxy.cfg"

    def problems(self, subject: Spec) -> Iterator[str]:
        for title, lines in haproxy(subject).sections.items():
            stats = [line for line in lines if line[0] == "stats"]
            if any(line[1] == "socket" and not line[2].startswith("/") for line in stats):
                yield f"{title}: the stats socket is reached over the network"
            binds = [address for line in lines if line[0] == "bind" for address in line[1].split(",")]
            # Any word on statistics switches the page on, `stats auth` too.
            page = any(line[1] not in SILENT for line in stats) or any("prometheus-exporter" in line for line in lines)
            if page and not (binds and all(bind.startswith("127.0.0.1:") for bind in binds)):
                yield f"{title}: statistics are served on {', '.join(binds) or 'whatever uses this section'}"


policy = Stats()
