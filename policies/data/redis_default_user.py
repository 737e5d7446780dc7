"""CKV_SLIP_208."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import acl, elsewhere, words
from policies.subjects import Spec


class RedisDefaultUser(FilePolicy):
    """Redis lets whoever connects do everything, until the user `default` is switched off."""

    id = "CKV_SLIP_208"
    name = "Redis has no default user"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/"
    mend = "user default reset off, and a user of its own for each who comes."
    file = "/etc/redis/redis.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        lines = words(subject.content(self.file))
        rules = acl(lines).get("default")
        if rules is None or "off" not in rules or "on" in rules:
            yield f"user default is {'not stated' if rules is None else ' '.join(rules)}"
        for name, rules in acl(lines).items():
            if "nopass" in rules:
                yield f"user {name} needs no password"
            if any(rule.startswith(">") for rule in rules):
                yield f"user {name} has a password here: state its hash"
        yield from (f"'{line}' may bring users that are not here" for line in elsewhere(lines))
        if any(line[0] == "requirepass" for line in lines):
            yield "requirepass gives the default user a password, and with it everything"


policy = RedisDefaultUser()
