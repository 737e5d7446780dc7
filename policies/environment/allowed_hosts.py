"""CKV_SLIP_121."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, parts

NAMES = re.compile(r"ALLOWED_?HOSTS|TRUSTED_HOSTS|SERVER_NAMES?$", re.IGNORECASE)


class AllowedHosts(EnvironmentPolicy):
    """A wildcard lets a stranger choose the host of links in mails that reset passwords."""

    id = "CKV_SLIP_121"
    name = "Allowed hosts are named, one by one"
    level = "high"
    audit = Audit.PLACEHOLDERS
    reference = "https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts"
    mend = "State the application's domains, without * and without a leading dot."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, value in subject.all_settings():
            if NAMES.search(name):
                if not parts(value):
                    yield f"{where}: {name} is empty"
                for host in parts(value):
                    if "*" in host or host.startswith("."):
                        yield f"{where}: {name} allows {host}"


policy = AllowedHosts()
