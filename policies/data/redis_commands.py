"""CKV_SLIP_210."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import acl, words
from policies.subjects import Spec

DANGEROUS = ("+@all", "allcommands", "+@admin", "+@dangerous", "+config", "+debug", "+flushall", "+shutdown", "+module")
#: Who may be told a command that is dangerous in other hands: Sentinel reconfigures, a replica follows.
KIT_USERS = {"sentinel", "replica"}


class RedisCommands(FilePolicy):
    """One injected command must not empty, reconfigure or stop the store that all replicas share."""

    id = "CKV_SLIP_210"
    name = "Applications have no dangerous commands of Redis"
    level = "high"
    audit = Audit.PRIVILEGE
    reference = "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/#command-categories"
    mend = "Start a user's rules with -@all and list categories; end them with -@admin -@dangerous."
    file = "/etc/redis/redis.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        users = acl(words(subject.content(self.file)))
        if "app" not in users:
            yield "there is no user app"
        for name, rules in users.items():
            if name in KIT_USERS or "off" in rules:
                continue
            if "-@all" not in rules:
                yield f"user {name} does not start from nothing (-@all)"
            # The last word on a category counts.
            after = rules[rules.index("-@all") :] if "-@all" in rules else rules
            for command in DANGEROUS:
                if command in after:
                    yield f"user {name} has {command}"
            broad = {"+@keyspace", "+@write", "+@read"} & set(after)
            if broad and "-@dangerous" not in after:
                yield f"user {name} has {', '.join(sorted(broad))} without -@dangerous"


policy = RedisCommands()
