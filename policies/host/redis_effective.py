"""CKV_SLIP_224."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, HostPolicy
from policies.subjects import Host


class RedisEffective(HostPolicy):
    """Redis takes settings at run time, and forgets to tell the file."""

    id = "CKV_SLIP_224"
    name = "Every Redis and Sentinel refuses whoever does not log in"
    level = "critical"
    audit = Audit.EXPOSURE
    reference = "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/"
    mend = "Restart the instance: it reads what is stated."

    def concerns(self, subject: Host) -> bool:
        return "redis" in subject.effective

    def problems(self, subject: Host) -> Iterator[str]:
        for instance, said in subject.effective["redis"].items():
            if "NOAUTH" not in said:
                yield f"{instance} answers a stranger: {said}"


policy = RedisEffective()
