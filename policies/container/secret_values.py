"""CKV_SLIP_111."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec

SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:pass(?:word|wd|phrase)?|secret|token|(?:api|access|private|secret|signing|encryption)_?key|credentials?)"
    r"(?:[_.-]?\d+)?$",
    re.IGNORECASE,
)
# A name that points at a secret (a file, a directory) or counts something about it is not the secret.
HARMLESS = re.compile(r"(?:/[\w./-]+)?|true|false|yes|no|on|off|\d{1,6}", re.IGNORECASE)
PATTERNS = {
    "a URL with a password": re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^@\s/]+@", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a secret of this environment": re.compile(r"\[secret[ :]"),
    "a password option": re.compile(r"--?(?:password|requirepass|secret|token)[= ]\s*[^\s/\-][^\s]*", re.IGNORECASE),
    "a token of a known kind": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}|xox[abp]-[\w-]{10,})"
    ),
}
RANDOM = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/_=-]{32,}")


def suspicion(name: str, value: str) -> str:
    """Why *value* (of the variable, label or argument *name*) looks like a secret; empty when it does not.

    >>> suspicion("POSTGRES_PASSWORD", "hunter2"), suspicion("PASSWORD_FILE", "/run/secrets/x")
    ('a value under a secret name', '')
    """
    if SECRET_NAME.search(name) and not HARMLESS.fullmatch(value):
        return "a value under a secret name"
    for what, pattern in PATTERNS.items():
        if pattern.search(value):
            return what
    # Paths and URLs are long, mixed and harmless; a random value has no structure.
    if RANDOM.fullmatch(value) and "/" not in value[:1]:
        return "a long random value"
    return ""


def _in_words(words: list[str]) -> str:
    """Why a command line looks as if it carried a secret: as a whole, as ``name=value``, or as one word."""
    for word in words:
        name, separator, value = word.partition("=")
        if found := suspicion(name, value) if separator else suspicion("", word):
            return found
    return suspicion("", " ".join(words))


class NoSecretValues(ContainerPolicy):
    """Whatever stands in env, arguments or labels is read by anyone who may run docker inspect, and ends up in logs."""

    id = "CKV_SLIP_111"
    name = "No secret value stands in env, command or labels"
    level = "critical"
    audit = Audit.SECRETS
    reference = "OWASP Docker Security Cheat Sheet, rule 12: Utilize Docker Secrets for sensitive data management"
    mend = "Give the value as a secret file (files: with secret: true) and its path in the variable."
    evaluates = "container/env"

    def problems(self, spec: Spec) -> Iterator[str]:
        for option in ("env", "labels"):
            for name, value in (spec.container.get(option) or {}).items():
                if found := suspicion(str(name), str(value)):
                    yield f"{option} {name} holds {found}"
        healthcheck = spec.container.get("healthcheck") or {}
        spoken = {option: spec.container.get(option) or [] for option in ("command", "entrypoint")}
        for option, words in {**spoken, "healthcheck": healthcheck.get("test") or []}.items():
            if found := _in_words([words] if isinstance(words, str) else [str(word) for word in words]):
                yield f"{option} holds {found}"


policy = NoSecretValues()
