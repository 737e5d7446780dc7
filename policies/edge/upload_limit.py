"""CKV_SLIP_182."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec
from policies.units import size

LARGEST = 2 * 1024**3


class UploadLimit(FilePolicy):
    """A body without bound fills memory and disks from outside."""

    id = "CKV_SLIP_182"
    name = "Every request body has a bound"
    level = "medium"
    audit = Audit.EXPOSURE
    reference = "CIS NGINX Benchmark: Ensure the maximum request body size is set correctly"
    mend = "State routes[].max_body in the contract; client_max_body_size 0 is no bound."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        http = nginx(subject).http
        if not http.own("client_max_body_size"):
            yield "client_max_body_size is not stated in http{}"
        for stated in http.all("client_max_body_size"):
            if not 0 < size(stated.args[0]) <= LARGEST:
                yield f"line {stated.line}: {stated}"


policy = UploadLimit()
