"""CKV_SLIP_212."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import acl, setting, words
from policies.subjects import Spec

FOLLOW = ("+psync", "+replconf", "+ping")


class RedisReplication(FilePolicy):
    """A replica that follows without proving itself copies everything to whoever asks."""

    id = "CKV_SLIP_212"
    name = "Replicas of Redis prove who they are, with a user of their own"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "https://redis.io/docs/latest/operate/oss_and_stack/management/replication/"
    mend = "masteruser replica with masterauth; user replica with +psync +replconf +ping and nothing else."
    file = "/etc/redis/redis.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        lines = words(subject.content(self.file))
        user = setting(lines, "masteruser")
        if not user or not setting(lines, "masterauth"):
            yield "masteruser and masterauth are not stated"
            return
        rules = acl(lines).get(user, [])
        if extra := [rule for rule in rules if rule.startswith(("+", "(", "allcommands")) and rule not in FOLLOW]:
            yield f"user {user} may do more than follow: {', '.join(extra)}"
        if not rules:
            yield f"there is no user {user}"


policy = RedisReplication()
