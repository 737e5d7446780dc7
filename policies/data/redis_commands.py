"""CKV_SLIP_210."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import acl, setting, words
from policies.subjects import Spec

#: What ACL CAT of Redis 8.0 lists as dangerous, less what only tells: info, role, lastsave.
DANGEROUS = frozenset(
    "acl bgrewriteaof bgsave client cluster config debug failover flushall flushdb keys latency migrate module monitor"
    " pfdebug pfselftest psync replconf replicaof restore restore-asking save shutdown slaveof slowlog sort sort_ro"
    " swapdb sync".split()
)
#: Commands of commands among them that are harmless by themselves.
HARMLESS = frozenset(
    "acl|whoami client|getname client|id client|setinfo client|setname cluster|shards cluster|slots".split()
)
#: What the manual of Sentinel asks for, and what a replica needs: dangerous in other hands.
KIT_USERS = {
    "sentinel": frozenset(
        "multi exec slaveof replicaof ping role info publish subscribe config|rewrite client|setname client|kill"
        " client|pause client|unpause"
        " script|kill".split()
    ),
    "replica": frozenset({"psync", "replconf", "ping"}),
}
SWITCHES = ("enable-debug-command", "enable-module-command", "enable-protected-configs")


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
        lines = words(subject.content(self.file))
        users = acl(lines)
        # A cache is emptied by the application whose it is, and by nobody else.
        cache = setting(lines, "maxmemory-policy").startswith("allkeys-")
        harmless = HARMLESS | {"flushdb"} if cache else HARMLESS
        yield from (f"{name} is on" for name in SWITCHES if setting(lines, name) not in ("", "no"))
        if setting(lines, "loadmodule"):
            yield f"loadmodule {setting(lines, 'loadmodule')} brings commands that nobody has looked at"
        if "app" not in users:
            yield "there is no user app"
        for name, rules in users.items():
            if "off" in rules and "on" not in rules:
                continue
            if "-@all" not in rules:
                yield f"user {name} does not start from nothing (-@all)"
            for rule in rules:
                if rule in ("+@all", "allcommands", "+@admin", "+@dangerous") or rule.startswith("("):
                    yield f"user {name} has {rule}"
            # A category holds dangerous commands until they are taken away after it.
            categories = [place for place, rule in enumerate(rules) if rule.startswith("+@")]
            if categories and "-@dangerous" not in rules[categories[-1] :]:
                yield f"user {name} has {rules[categories[-1]]} without -@dangerous after it"
            commands = {rule.removeprefix("+") for rule in rules if rule.startswith("+") and not rule.startswith("+@")}
            commands -= KIT_USERS.get(name, frozenset())
            for command in sorted(commands - harmless):
                if command.partition("|")[0] in DANGEROUS:
                    yield f"user {name} has +{command}"


policy = RedisCommands()
