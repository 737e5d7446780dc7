"""CKV_SLIP_213."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import acl, elsewhere, setting, words
from policies.subjects import Spec


class SentinelAccess(FilePolicy):
    """Whoever may talk to Sentinel makes any server the master, his own among them."""

    id = "CKV_SLIP_213"
    name = "Sentinel speaks TLS only and lets nobody in by default"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = (
        "https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-and-redis-authentication"
    )
    mend = "port 0 and tls-port; user default reset off; sentinel-user and sentinel-pass among peers."
    file = "/etc/redis/sentinel.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        lines = words(subject.content(self.file))
        if setting(lines, "port") != "0" or not setting(lines, "tls-port"):
            yield "it speaks plain"
        if setting(lines, "tls-replication") != "yes":
            yield "tls-replication is not yes: it asks masters in the clear"
        if weak := set(setting(lines, "tls-protocols").split()) - {"TLSv1.2", "TLSv1.3"}:
            yield f"tls-protocols allows {', '.join(sorted(weak))}"
        users = acl(lines)
        rules = users.get("default")
        if rules is None or "off" not in rules or "on" in rules:
            yield "user default is not off"
        stated = {line[1]: line[2:] for line in lines if line[0] == "sentinel"}
        yield from (
            f"sentinel {name} is not stated" for name in ("sentinel-user", "sentinel-pass") if name not in stated
        )
        for name, rules in users.items():
            if "nopass" in rules:
                yield f"user {name} needs no password"
            if [name] != stated.get("sentinel-user") and {"+@all", "allcommands", "+sentinel"} & set(rules):
                yield f"user {name} may do everything"
        if stated.get("deny-scripts-reconfig", ["yes"]) != ["yes"]:
            yield "whoever logs in may state scripts to run"
        yield from (f"'{line}' may bring users that are not here" for line in elsewhere(lines))


policy = SentinelAccess()
