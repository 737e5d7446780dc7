"""CKV_SLIP_141."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment

BROKER = re.compile(r"BROKER|CELERY|QUEUE|CHANNEL|RQ_|TASK", re.IGNORECASE)


class RedisRoles(EnvironmentPolicy):
    """Tasks and messages in a store that evicts are lost without a word."""

    id = "CKV_SLIP_141"
    name = "Brokers and caches are services apart, each used as what it is"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#key-eviction"
    mend = "Two services under the contract's redis: kind cache and kind broker, with variables of their own."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, contract in subject.applications.items():
            for service, stated in contract["redis"].items():
                for variable in stated["env"].values():
                    if BROKER.search(str(variable)) and stated["kind"] == "cache":
                        yield f"{application}: {variable} leads to {service}, a cache, which evicts"


policy = RedisRoles()
