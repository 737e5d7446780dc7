"""An environment as policies read it: its inventory and contracts, and facts of its secrets without their values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from .contract import normalise
from .redaction import Redactor
from .secret_names import required_secrets, secret_problems


def secret_facts(
    required: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, str],
    generated: Mapping[str, str],
    others: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, Any]]:
    """Of each secret: where it comes from, its length, what is wrong with it, and which others have its value.

    :param others: the generated secrets of other environments of this control machine, by environment.
    """
    values = {**generated, **given}
    weak = {problem.where.split("'")[1]: problem.what for problem in secret_problems(required, values, True)}
    facts = {}
    for name in required:
        value = values.get(name)
        source = "given" if name in given else "generated" if name in generated else "not made yet"
        facts[name] = {
            "source": source,
            "length": len(str(value)) if value is not None else 0,
            "problem": weak.get(name, ""),
            "same_as": sorted(other for other, held in values.items() if other != name and value and held == value),
            "same_in": sorted(
                environment for environment, held in others.items() if value and str(value) in held.values()
            ),
        }
    return facts


def environment_document(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The document of kind ``environment``.

    ``facts``: environment, production, topology (group to hosts), addresses (host to address), firewall_also
    (addresses), applications (as the inventory states them), platform (product to version of what images are made
    of), secrets_given (name to value), generated (text of the file of generated secrets, empty where there is none)
    and others (environment to such a text).
    """
    texts = {"": facts["generated"], **facts["others"]}
    held = {environment: yaml.safe_load(text) or {} for environment, text in texts.items()}
    generated = held.pop("")
    given = facts["secrets_given"]
    required = required_secrets(facts["applications"], facts["topology"])
    document = {
        "kind": "environment",
        "environment": facts["environment"],
        "production": bool(facts["production"]),
        "topology": facts["topology"],
        "addresses": facts["addresses"],
        "firewall_also": list(facts["firewall_also"]),
        "applications": {name: normalise(name, contract) for name, contract in facts["applications"].items()},
        "platform": facts["platform"],
        "secrets": secret_facts(required, given, generated, held),
    }
    redacted: dict[str, Any] = json.loads(Redactor({**generated, **given})(json.dumps(document)))
    return redacted
