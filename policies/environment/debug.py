"""CKV_SLIP_120."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, truthy

DEBUG = re.compile(r"(?:^|_)DEBUG(?:$|_MODE$|_TOOLBAR$)|^(?:FLASK_ENV|APP_ENV|DJANGO_ENV)$", re.IGNORECASE)


class Debug(EnvironmentPolicy):
    """A page of debugging shows settings and source to whoever makes an error happen, and lets some run code."""

    id = "CKV_SLIP_120"
    name = "Debugging is off outside development"
    level = "critical"
    audit = Audit.PLACEHOLDERS
    reference = "OWASP: Improper Error Handling; Django deployment checklist: DEBUG"
    mend = "Take the variable out of the contract's env, or set it to false, where slipway_production is true."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, value in subject.all_settings():
            wrong = truthy(value) or value.lower() in ("development", "debug", "dev")
            if subject.production and DEBUG.search(name) and wrong:
                yield f"{where}: {name} is {value}"
        for application, process, stated in subject.processes():
            if subject.production and {"--debug", "--reload", "runserver"} & set(stated.get("command") or []):
                yield f"{application}.{process}: its command is a development server's"


policy = Debug()
