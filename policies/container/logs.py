"""CKV_SLIP_112."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec
from policies.units import size

DRIVERS = frozenset({"json-file", "local"})
TOTAL_MAX = 1024**3


class BoundedLogs(ContainerPolicy):
    """A log without a bound fills the disk, and a full disk stops every database on it."""

    id = "CKV_SLIP_112"
    name = "Logs are kept and bounded"
    level = "medium"
    audit = Audit.LOGS
    reference = "Docker documentation: Configure logging drivers, json-file options max-size and max-file"
    mend = "State log_driver json-file with max-size and max-file whose product is at most 1 GiB."
    evaluates = "container/log_options"

    def problems(self, spec: Spec) -> Iterator[str]:
        driver = spec.container.get("log_driver")
        if driver not in DRIVERS:
            yield f"log_driver is {driver!r}, not one of {', '.join(sorted(DRIVERS))}"
            return
        options = spec.container.get("log_options") or {}
        bytes_each = size(options.get("max-size"))
        count = str(options.get("max-file", ""))
        if bytes_each <= 0:
            yield f"max-size is {options.get('max-size')!r}"
        if not count.isdigit() or int(count) < 1:
            yield f"max-file is {options.get('max-file')!r}"
        elif bytes_each * int(count) > TOTAL_MAX:
            yield f"{count} files of {options['max-size']} are more than 1 GiB"


policy = BoundedLogs()
