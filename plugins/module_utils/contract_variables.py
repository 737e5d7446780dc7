"""What an application's environment variables must not be: secrets in the clear, set twice, DEBUG in production."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .contract_schema import DATABASE_ENV, redis_env
from .problems import Problem
from .shapes import maps

SECRET_WORDS = frozenset(
    "password passwd passphrase pass pwd secret secrets token tokens key keys apikey credential credentials".split()
)
#: These may be numbers; of the others a number is a limit, as in MAX_TOKENS.
PASSWORD_WORDS = frozenset("password passwd passphrase pass pwd secret".split())
#: A variable that ends so speaks about a secret and is none: TOKEN_LIFETIME, PRIVATE_KEY_FILE.
HARMLESS_WORDS = frozenset(
    "file path dir lifetime ttl timeout age expiry expires expiration prefix name id length size min max header headers"
    " algorithm algorithms enabled required days hours minutes seconds validators hashers policy policies rotation"
    " class backend type".split()
)
URL_WITH_PASSWORD = re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
TRUE = {"true", "1", "yes", "on"}
FALSE = {"false", "0", "no", "off"}


def looks_secret(key: str, value: Any) -> bool:
    """Whether a variable carries a secret in the clear, by its name or because it is a URL with a password."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        return False
    text = str(value)
    if URL_WITH_PASSWORD.match(text):
        return True
    words = re.sub(r"[0-9]+$", "", key).lower().strip("_").split("_")
    if not SECRET_WORDS & set(words) or words[-1] in HARMLESS_WORDS or "public" in words:
        return False
    if text.startswith("/") or text.lower() in TRUE | FALSE:
        return False
    return not text.isdigit() or bool(PASSWORD_WORDS & set(words))


def stated(contract: Mapping[str, Any], where: str) -> Iterator[tuple[str, str, Any]]:
    """Every stated variable: where it stands, its name, its value."""
    places: list[tuple[str, Any]] = [(f"{where}.env", contract.get("env"))]
    places += [
        (f"{where}.processes.{name}.env", process.get("env")) for name, process in maps(contract, "processes").items()
    ]
    places += [(f"{where}.image.build.args", build.get("args")) for build in maps(contract, "image").values()]
    for place, variables in places:
        if isinstance(variables, Mapping):
            yield from ((place, str(key), value) for key, value in variables.items())


def variable_problems(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for place, key, value in stated(contract, where):
        if looks_secret(key, value):
            how = f"move it to {where}.secrets.{key}: {{}}, and its value to the vault"
            yield Problem(
                f"{place}.{key}",
                "looks like a secret in the clear, which everybody who may ask the engine can read",
                how,
            )
    plain = contract.get("env")
    owners = {str(key): f"{where}.env" for key in plain} if isinstance(plain, Mapping) else {}
    for name, secret in maps(contract, "secrets").items():
        variable = secret.get("env", name)
        if variable is not False:
            yield from _owned(owners, name if variable is True else str(variable), f"{where}.secrets.{name}")
    redis = maps(contract, "redis").items()
    connections = [(f"{where}.redis.{name}", service.get("env", redis_env(name))) for name, service in redis]
    database = contract.get("database")
    if isinstance(database, Mapping):
        connections.append((f"{where}.database", database.get("env", DATABASE_ENV)))
    for here, names in connections:
        for variable in names.values() if isinstance(names, Mapping) else ():
            yield from _owned(owners, str(variable), f"{here}.env")


def _owned(owners: dict[str, str], variable: str, here: str) -> Iterator[Problem]:
    if variable in owners:
        yield Problem(here, f"sets {variable}, which {owners[variable]} sets too", "keep one of the two")
    owners.setdefault(variable, here)


def debug_problems(contract: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """What is switched on for development."""
    for place, key, value in stated(contract, where):
        words = key.upper().split("_")
        if "DEBUG" in (words[0], words[-1]) and str(value).lower() in TRUE:
            yield Problem(
                f"{place}.{key}",
                "is on, and this environment is production",
                "turn it off, or set slipway_production: false",
            )
