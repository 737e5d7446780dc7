"""SCRAM-SHA-256 verifiers as Postgres stores them (RFC 5803), made and compared here. Pure functions."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from typing import Optional

ITERATIONS = 4096
_STORED = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")


def _ascii(password: str) -> bytes:
    """The password's bytes. Beyond ASCII, Postgres, poolers and drivers do not agree on what they are (SASLprep)."""
    if not re.fullmatch(r"[\x20-\x7e]+", password):
        raise ValueError(
            "a database password is empty or has characters that are not printable ASCII. Mend: use letters and digits."
        )
    return password.encode("ascii")


def verifier(password: str, salt: Optional[bytes] = None, iterations: int = ITERATIONS) -> str:
    """What Postgres stores in place of ``password``.

    >>> verifier("pencil", bytes.fromhex("5b6d99689d12358ebee8ba0d1a3bdd6a")).split("$")[1]  # pragma: allowlist secret
    '4096:W22ZaJ0SNY6+6LoNGjvdag=='
    """
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", _ascii(password), salt, iterations)
    client_key = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    parts = [base64.b64encode(part).decode("ascii") for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${iterations}:{parts[0]}${parts[1]}:{parts[2]}"


def matches(password: str, stored: Optional[str]) -> bool:
    """Whether ``stored`` is a verifier of ``password``. Anything else (none, md5, clear text) is not."""
    found = _STORED.fullmatch(stored or "")
    if not found:
        return False
    try:
        salt = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(verifier(password, salt, int(found[1])), stored or "")
