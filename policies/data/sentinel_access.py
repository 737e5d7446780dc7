"""CKV_SLIP_213."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import acl, setting, words
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
        rules = acl(lines).get("default")
        if rules is None or "off" not in rules:
            yield "user default is not off"
        stated = {line[1] for line in lines if line[0] == "sentinel"}
        yield from (
            f"sentinel {name} is not stated" for name in ("sentinel-user", "sentinel-pass") if name not in stated
        )


policy = SentinelAccess()
