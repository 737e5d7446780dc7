"""CKV_SLIP_130."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

IN_MEMORY = re.compile(r"locmem|in_?memory|^memory://|simplecache|dummycache|filebased|^file://|mem://", re.IGNORECASE)


class MemoryStores(EnvironmentPolicy):
    """A cache or a channel layer in one process's memory is another one in each replica: messages get lost."""

    id = "CKV_SLIP_130"
    name = "Caches and channels are shared where there is more than one process"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://channels.readthedocs.io/en/stable/topics/channel_layers.html#in-memory-channel-layer"
    mend = "Ask for redis services in the contract, and give their URLs to the application."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, contract in subject.applications.items():
            processes = contract["processes"].values()
            count = sum(stated["replicas"] * max(1, int(stated["workers"])) for stated in processes)
            for where, name, value in subject.settings(application):
                if count > 1 and IN_MEMORY.search(value):
                    yield f"{where}: {name} keeps in memory what {count} processes must share"


policy = MemoryStores()
