"""CKV_SLIP_166."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.base import Audit, TaskPolicy
from policies.subjects import TaskFile

MUST_BE_TRUE = ("validate_certs", "tls_verify", "verify", "check_hostname", "repo_gpgcheck", "gpgcheck")
MUST_BE_FALSE = ("insecure", "tls_skip_verify", "allow_unauthenticated", "disable_gpg_check", "skip_ssl_verify")


class Verification(TaskPolicy):
    """Verification that is switched off to get on is never switched on again."""

    id = "CKV_SLIP_166"
    name = "No task switches verification off"
    level = "critical"
    audit = Audit.PLAINTEXT
    reference = "CWE-295: Improper Certificate Validation"
    mend = "Name the authority to believe (ca_path, ca_cert) instead."

    def problems(self, subject: TaskFile) -> Iterator[str]:
        for task in subject.tasks:
            arguments = task.arguments if isinstance(task.arguments, Mapping) else {}
            for name in MUST_BE_TRUE:
                if name in arguments and arguments[name] is not True:
                    yield f"{task}: {name} is {arguments[name]!r}"
            for name in MUST_BE_FALSE:
                if name in arguments and arguments[name] is not False:
                    yield f"{task}: {name} is {arguments[name]!r}"


policy = Verification()
