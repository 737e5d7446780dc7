"""CKV_SLIP_150."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec


class RedisHealth(ContainerPolicy):
    """`redis-cli ping` exits 0 when it is told NOAUTH: it calls a store healthy that lets nobody in."""

    id = "CKV_SLIP_150"
    name = "The healthcheck of Redis logs in and demands PONG"
    level = "high"
    audit = Audit.BLIND
    reference = "https://redis.io/docs/latest/commands/ping/ (measured: exit status 0 on NOAUTH)"
    mend = "healthcheck.test: [CMD, redis-health, PORT], with the password of user health as a secret file."
    evaluates = "container/healthcheck"
    idle = "there is no Redis here"

    def concerns(self, subject: Spec) -> bool:
        return subject.service == "redis"

    def problems(self, subject: Spec) -> Iterator[str]:
        command = " ".join(str(word) for word in (subject.container.get("healthcheck") or {}).get("test") or [])
        if "redis-health" not in command and "PONG" not in command:
            yield f"it does not demand PONG: {command or 'none'}"
        if subject.live is None and not subject.has("/run/secrets/health"):
            yield "it has no password to log in with"


policy = RedisHealth()
