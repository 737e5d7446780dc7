"""The firewall between hosts: what its table is called, and what the rules in force let through. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def firewall_table(environment: str) -> str:
    """The table of nftables that belongs to an environment.

    >>> firewall_table("north-1")
    'slipway_north_1'
    """
    return "slipway_" + environment.replace("-", "_")


def _text(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) == {"prefix"}:
        return f"{value['prefix']['addr']}/{value['prefix']['len']}"
    return value if isinstance(value, str) else json.dumps(value)


def doors_in_force(ruleset: Mapping[str, Any]) -> dict[str, list[str]]:
    """Port to the addresses that are let in there, of what ``nft --json list chain inet TABLE doors`` says.

    A port is left out where nobody else is refused: then the rules that let some in mean nothing.
    """
    accepted: dict[str, list[str]] = {}
    refused: set[str] = set()
    for entry in ruleset.get("nftables", []):
        ports: list[str] = []
        sources: list[str] = []
        verdict = ""
        for part in entry.get("rule", {}).get("expr", []):
            match = part.get("match", {})
            right = match.get("right")
            found = right["set"] if isinstance(right, Mapping) and "set" in right else [right]
            if match.get("left", {}).get("ct", {}).get("key") == "proto-dst":
                ports = [str(port) for port in found]
            elif match.get("left", {}).get("payload", {}).get("field") == "saddr":
                sources = [_text(source) for source in found]
            verdict = next((word for word in ("accept", "reject", "drop") if word in part), verdict)
        if verdict == "accept":
            for port in ports:
                accepted.setdefault(port, []).extend(sources or ["everybody"])
        elif verdict:
            refused.update(ports)
    return {port: sources for port, sources in accepted.items() if port in refused}
