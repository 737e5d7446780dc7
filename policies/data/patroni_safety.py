"""CKV_SLIP_202."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import document
from policies.subjects import Spec


class PatroniSafety(FilePolicy):
    """Without failsafe mode a fault of the consensus store stops a healthy database; checksums show a bad disk."""

    id = "CKV_SLIP_202"
    name = "Patroni keeps a leader that its members still see, and pages have checksums"
    level = "medium"
    audit = Audit.SINGLE
    reference = "https://patroni.readthedocs.io/en/latest/dcs_failsafe_mode.html"
    mend = "bootstrap.dcs: failsafe_mode true, use_slots and use_pg_rewind true; initdb: data-checksums."
    file = "/etc/patroni/patroni.yml"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = document(subject, self.file)
        bootstrap = stated["bootstrap"]
        for name in ("fsync", "full_page_writes"):
            if str(stated["postgresql"]["parameters"].get(name, "on")).lower() not in ("on", "true", "yes", "1"):
                yield f"{name} is off: a power cut breaks what was acknowledged"
        if bootstrap["dcs"].get("failsafe_mode") is not True:
            yield "failsafe_mode is not true"
        for name in ("use_slots", "use_pg_rewind"):
            if (bootstrap["dcs"].get("postgresql") or {}).get(name) is not True:
                yield f"{name} is not true"
        if "data-checksums" not in bootstrap["initdb"]:
            yield "initdb makes no data-checksums"


policy = PatroniSafety()
