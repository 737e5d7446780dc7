"""CKV_SLIP_209."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import setting, words
from policies.subjects import Spec


class RedisTls(FilePolicy):
    """Sessions and queued messages pass through Redis, and the passwords of its users."""

    id = "CKV_SLIP_209"
    name = "Redis speaks TLS only"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "https://redis.io/docs/latest/operate/oss_and_stack/management/security/encryption/"
    mend = "port 0; tls-port with certificate, key and authority; tls-replication yes."
    file = "/etc/redis/redis.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        lines = words(subject.content(self.file))
        if setting(lines, "port") != "0":
            yield f"port is {setting(lines, 'port') or 'not stated'}: it speaks plain there"
        for name in ("tls-port", "tls-cert-file", "tls-key-file", "tls-ca-cert-file"):
            if not setting(lines, name):
                yield f"{name} is not stated"
        if setting(lines, "tls-replication") != "yes":
            yield "tls-replication is not yes"
        if weak := set(setting(lines, "tls-protocols").split()) - {"TLSv1.2", "TLSv1.3"}:
            yield f"tls-protocols allows {', '.join(sorted(weak))}"


policy = RedisTls()
