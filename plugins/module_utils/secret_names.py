"""Which secrets an environment needs, and what is wrong with those it was given.

Names are flat: ``postgres/replication``, ``database/APPLICATION``, ``router/APPLICATION``,
``redis/APPLICATION/SERVICE/USER``, and
``APPLICATION/NAME`` for what the application's contract asks for. Values never appear in a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .problems import Problem, did_you_mean
from .shapes import entries, maps, whole

REDIS_USERS = ("app", "router", "replica", "sentinel", "health")
KIT_SECRETS = (
    "postgres/replication",
    "patroni/restapi",
    "sentinel/admin",
    "kit/checksum_key",
)
KIT_LENGTH, KIT_MIN_LENGTH = 40, 24
APPLICATION_LENGTH, APPLICATION_MIN_LENGTH = 50, 32

#: Words that stand where a value should be.
PLACEHOLDER_WORDS = frozenset(
    "secret password passwd pass example sample test testing default admin root none null todo tbd fixme dummy foo"
    " bar letmein qwerty welcome".split()
)
# Nothing here is met by chance in forty random letters and digits.
PLACEHOLDER = re.compile(
    r"change[-_ ]?(me|it|this)|django-insecure|placeholder|^(your|my|the|some|insert|enter|replace|todo)[-_: ]|^x{6}"
    r"|^<.*>$|^\{\{|^\[.*\]$|^(secret|password|example)[-_ 0-9]",
    re.IGNORECASE,
)
#: Fewer different characters in a value are a pattern, not chance: 16 random hexadecimal digits have 10 on average.
VARIETY = 6


def _secret(length: int, min_length: int, *, generate: bool = True) -> dict[str, Any]:
    return {"length": length, "min_length": min_length, "generate": generate, "charset": "alphanumeric"}


def required_secrets(applications: Mapping[str, Any], topology: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Every secret of an environment: name to ``{length, min_length, generate, charset}``.

    :param topology: ``slipway_topology``. A registry has a password; nothing else depends on which hosts there are.
    """
    needed = {name: _secret(KIT_LENGTH, KIT_MIN_LENGTH) for name in KIT_SECRETS}
    if topology and topology.get("registry"):
        needed["registry/password"] = _secret(KIT_LENGTH, KIT_MIN_LENGTH)
    for name, contract in entries(applications).items():
        needed[f"router/{name}"] = _secret(KIT_LENGTH, KIT_MIN_LENGTH)
        if contract.get("database") is not None:
            needed[f"database/{name}"] = _secret(KIT_LENGTH, KIT_MIN_LENGTH)
        for service in maps(contract, "redis"):
            for user in REDIS_USERS:
                needed[f"redis/{name}/{service}/{user}"] = _secret(KIT_LENGTH, KIT_MIN_LENGTH)
        for key, secret in maps(contract, "secrets").items():
            generate = secret.get("generate", True)
            length = generate if whole(generate) else APPLICATION_LENGTH
            least = secret.get("min_length", APPLICATION_MIN_LENGTH)
            least = least if whole(least) else APPLICATION_MIN_LENGTH
            needed[f"{name}/{key}"] = _secret(max(length, least), least, generate=generate is not False)
    return needed


def _weakness(value: str, min_length: int) -> str:
    """What is wrong with a value, without saying what it is; empty where nothing is."""
    if value.strip().lower() in PLACEHOLDER_WORDS or PLACEHOLDER.search(value.strip()):
        return "is a placeholder"
    if len(value) < min_length:
        return f"is {len(value)} characters long, and must have {min_length} at least"
    if len(set(value)) == 1:
        return "is one character, repeated"
    if len(set(value)) < min(VARIETY, min_length):
        return f"is made of {len(set(value))} different characters only"
    return ""


def secret_problems(
    required: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, Any],
    generate_allowed: bool,
    where: str = "secrets_given",
) -> list[Problem]:
    """What is wrong with the secrets that were given.

    :param required: from :func:`required_secrets`.
    :param given: name to value, from the environment's vault.
    :param generate_allowed: missing ones will be made up, where ``generate`` says that they can.
    """
    if not isinstance(given, Mapping):
        return [Problem(where, "is not a mapping of names to values", "write one `name: value` a line")]
    found, owners = [], dict[str, str]()
    for name, rules in required.items():
        here = f"{where}['{name}']"
        make = f"put a random value of {rules['length']} letters and digits into the environment's vault"
        if given.get(name) in (None, ""):
            if not (generate_allowed and rules["generate"]):
                near = did_you_mean(name, [key for key in given if key not in required])
                what = "is missing" + near.replace("did you mean", "though there is").rstrip("?")
                how = (
                    make
                    if rules["generate"]
                    else "it cannot be made up: put the value that its issuer gave you into the vault"
                )
                found.append(Problem(here, what, how))
            continue
        value = given[name]
        if not isinstance(value, str):
            found.append(Problem(here, "is not a text", "put it in quotes"))
            continue
        weakness = _weakness(value, rules["min_length"])
        if weakness:
            found.append(Problem(here, weakness, make))
        elif value in owners:
            found.append(Problem(here, f"has the same value as {owners[value]}", make))
        owners.setdefault(value, name)
    return found


def secret_markers(required: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the place of each secret in rendered documents."""
    return {name: f"[secret {name}]" for name in required}
