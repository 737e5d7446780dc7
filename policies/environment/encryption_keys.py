"""CKV_SLIP_128."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.subjects import Environment, truthy

KEY = re.compile(r"(?:ENCRYPT\w*|FERNET|FIELD|CIPHER|CRYPTO\w*)_?KEYS?$", re.IGNORECASE)
ASKED = re.compile(r"(?:USE|ENABLE|REQUIRE)_\w*ENCRYPT|ENCRYPT\w*_(?:ENABLED|FIELDS|AT_REST)", re.IGNORECASE)
LEAST = 32


class EncryptionKeys(EnvironmentPolicy):
    """Fields that are said to be encrypted are not, where the key is missing, short, or stands in the open."""

    id = "CKV_SLIP_128"
    name = "Encryption keys are secrets, and there where encryption is asked for"
    level = "critical"
    audit = Audit.SECRETS
    reference = "OWASP Cryptographic Storage Cheat Sheet; NIST SP 800-57"
    mend = "State the key under the contract's secrets, with min_length 32 or more."

    def problems(self, subject: Environment) -> Iterator[str]:
        for where, name, _value in subject.all_settings():
            if KEY.search(name):
                yield f"{where}: {name} is a key in plain env"
        for application, contract in subject.applications.items():
            keys = [name for name in contract["secrets"] if KEY.search(name)]
            asked = [name for _, name, value in subject.settings(application) if ASKED.search(name) and truthy(value)]
            if asked and not keys:
                yield f"{application}: {asked[0]} asks for encryption, and no secret is a key"
            for name in keys:
                if contract["secrets"][name]["min_length"] < LEAST:
                    yield f"{application}: {name} may be shorter than {LEAST} characters"


policy = EncryptionKeys()
