"""CKV_SLIP_190."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec
from policies.units import seconds

LONGEST = 60.0


class SlowClients(FilePolicy):
    """A client that sends a byte a minute holds a connection for as long as it is let."""

    id = "CKV_SLIP_190"
    name = "Slow clients are let go"
    level = "medium"
    audit = Audit.EXPOSURE
    reference = "CIS NGINX Benchmark: Ensure timeout values for reading the client header and body are set correctly"
    mend = "State client_header_timeout, client_body_timeout and send_timeout in http{}, up to a minute."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        http = nginx(subject).http
        for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
            if not http.own(name):
                yield f"{name} is not stated"
            for stated in http.all(name):
                if not 0 < seconds(stated.args[0]) <= LONGEST:
                    yield f"line {stated.line}: {stated} is not up to {LONGEST:.0f} seconds"


policy = SlowClients()
