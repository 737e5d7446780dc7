"""CKV_SLIP_211."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import setting, words
from policies.subjects import Spec


class RedisMemory(FilePolicy):
    """A broker that evicts loses tasks; a cache that refuses takes the application down; either without bound dies."""

    id = "CKV_SLIP_211"
    name = "A cache evicts and keeps nothing, a broker refuses and keeps a log"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://redis.io/docs/latest/develop/reference/eviction/"
    mend = "State redis.NAME.kind: cache or broker, and its memory, in the contract."
    file = "/etc/redis/redis.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        lines = words(subject.content(self.file))
        policy, log = setting(lines, "maxmemory-policy"), setting(lines, "appendonly")
        names = {line[0] for line in lines}
        if not int(setting(lines, "maxmemory") or 0):
            yield "maxmemory is not stated"
        if policy == "noeviction" and log != "yes":
            yield "it evicts nothing and keeps nothing: neither a cache nor a broker"
        if policy != "noeviction" and not policy.startswith("allkeys-"):
            yield f"maxmemory-policy is {policy or 'not stated'}"
        if policy.startswith("allkeys-") and log == "yes":
            yield "it evicts what it writes to disk"
        if policy.startswith("allkeys-") and ("save" not in names or setting(lines, "save")):
            yield 'it writes a cache to disk from time to time: save is not ""'
        if log == "yes" and setting(lines, "appendfsync") not in ("everysec", "always"):
            yield f"appendfsync is {setting(lines, 'appendfsync') or 'not stated'}: the machine decides what is lost"


policy = RedisMemory()
