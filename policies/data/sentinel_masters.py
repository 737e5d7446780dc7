"""CKV_SLIP_214."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import words
from policies.subjects import Spec


class SentinelMasters(FilePolicy):
    """A master that Sentinel cannot log in to is taken for dead; one that is missed late is missed by users first."""

    id = "CKV_SLIP_214"
    name = "Sentinel watches every master with a login, misses one within ten seconds, and decides by majority"
    level = "high"
    audit = Audit.SINGLE
    reference = "https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/"
    mend = "sentinel monitor, auth-user, auth-pass and down-after-milliseconds for each service."
    file = "/etc/redis/sentinel.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated: dict[str, dict[str, list[str]]] = {}
        for line in words(subject.content(self.file)):
            if line[0] == "sentinel" and len(line) > 3:
                stated.setdefault(line[2], {})[line[1]] = line[3:]
        members = int(subject.label("members"))
        masters = {name: settings for name, settings in stated.items() if "monitor" in settings}
        if not masters:
            yield "it watches nothing"
        for name, settings in masters.items():
            yield from (f"{name}: {key} is not stated" for key in ("auth-user", "auth-pass") if key not in settings)
            if not 0 < int(settings.get("down-after-milliseconds", ["30000"])[0]) <= 10000:
                yield f"{name}: it is missed after {settings.get('down-after-milliseconds', ['30000'])[0]} ms"
            quorum = int(settings["monitor"][2])
            if not members // 2 < quorum <= members:
                yield f"{name}: its quorum is {quorum} of {members} Sentinels, no majority"


policy = SentinelMasters()
