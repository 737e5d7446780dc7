"""What the contract's schema says about an application, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema import Draft202012Validator

from . import contract_schema as schema
from .problems import Problem, did_you_mean

#: jsonschema declares each attribute of its errors as possibly unset; here every one is set.
Error = Any

WORDS = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}
FORMS = {
    schema.NAME: "lower-case letters, digits and hyphens, a letter first, 31 at most",
    schema.ENV_NAME: "letters, digits and underscores, no digit first",
    schema.IDENTIFIER: "lower-case letters, digits and underscores, no digit first",
    schema.ABSOLUTE: "a path that starts with /",
    schema.SIZE: "a number of bytes, or one with k, m or g, as 256m",
    schema.MODE: "octal permissions in quotes, as '0440'",
    schema.DIRECTORY_MODE: "octal permissions in quotes, as '0750' or '2770'",
}


def dotted(prefix: str, path: Iterable[str | int]) -> str:
    """A path into the inventory's data as people write it: ``a.b[0].c``."""
    return prefix + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _kind(value: Any) -> str:
    """What a value is, in words. Never the value itself: it may be a secret in the wrong place."""
    names = (
        (type(None), "null"),
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
    )
    return WORDS[next((word for kind, word in names if isinstance(value, kind)), "object")]


def _or(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _wrong_type(error: Error, where: str) -> Problem:
    wanted = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
    what = f"is {_kind(error.instance)}, and must be {_or(WORDS[name] for name in wanted if name != 'null')}"
    if "string" not in wanted:
        return Problem(where, what, f"give {_or(WORDS[name] for name in wanted)}")
    if isinstance(error.instance, bool):
        return Problem(where, what, 'put it in quotes, as the application reads it: "true", "True", "1" …')
    if isinstance(error.instance, (dict, list)):
        return Problem(where, what, """write it as JSON in quotes, as '{"key": "value"}'""")
    return Problem(
        where, what, "put it in quotes" if error.instance is not None else "give a value, or take the key out"
    )


def _unknown_keys(error: Error, prefix: str) -> Iterator[Problem]:
    known = sorted(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            where = dotted(prefix, [*error.absolute_path, key])
            what = f"there is no such key{did_you_mean(key, known)}"
            yield Problem(where, what.rstrip("?"), f"rename it or take it out; known here: {', '.join(known)}")


def _not_one(error: Error, where: str) -> Problem:
    keys = [option["required"][0] for option in error.validator_value]
    given = [key for key in keys if key in error.instance]
    if given:
        return Problem(
            where, f"gives {' and '.join(given)}, which exclude each other", f"keep exactly one of {', '.join(keys)}"
        )
    return Problem(where, f"gives neither {' nor '.join(keys)}", f"give exactly one of {', '.join(keys)}")


LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
}


def _translate(error: Error, prefix: str) -> Iterator[Problem]:
    path, rule, value = list(error.absolute_path), error.validator, error.validator_value
    where = dotted(prefix, path)
    if "propertyNames" in error.absolute_schema_path:
        form = FORMS.get(value, value)
        yield Problem(dotted(prefix, [*path, error.instance]), "the name does not have the right form", f"use {form}")
    elif rule == "additionalProperties":
        yield from _unknown_keys(error, prefix)
    elif rule == "required":
        for key in (key for key in value if key not in error.instance):
            described = error.schema["properties"][key]["description"]
            yield Problem(dotted(prefix, [*path, key]), "is missing", f"state it ({described.rstrip('.')})")
    elif rule == "oneOf":
        if isinstance(error.instance, dict):
            yield _not_one(error, where)
    elif rule == "type":
        yield _wrong_type(error, where)
    elif rule == "enum":
        near = did_you_mean(error.instance, value).rstrip("?")
        yield Problem(where, f"{error.instance} is not one of them{near}", f"use {_or(value)}")
    elif rule == "not":
        yield Problem(where, "is latest, which names another thing tomorrow", "state the version that is deployed")
    elif rule in LIMITS:
        yield Problem(where, f"is {error.instance}, and must be {LIMITS[rule].format(value)}", "change the number")
    elif rule == "minLength" and value > 1:
        yield Problem(where, f"is shorter than {value} characters", "say it in words that a reviewer understands")
    elif rule in ("minLength", "minItems", "minProperties"):
        yield Problem(where, "is empty", "give a value, or take the key out")
    elif rule == "pattern":
        form = FORMS.get(value) or error.schema["description"].rstrip(".") + f"; as a regular expression {value}"
        yield Problem(where, f"{json.dumps(str(error.instance))} does not have the right form", f"use {form}")
    else:
        yield Problem(where, f"does not fit the contract ({rule})", "see docs/reference/contract.md")


def schema_problems(contract: Any, prefix: str) -> list[Problem]:
    """Every way in which one application's contract differs from the schema; ``prefix`` is where it stands."""
    errors = sorted(
        Draft202012Validator(schema.CONTRACT_SCHEMA).iter_errors(contract), key=lambda error: list(map(str, error.path))
    )
    found = (problem for error in errors for problem in _translate(error, prefix))
    return list(dict.fromkeys(found))
