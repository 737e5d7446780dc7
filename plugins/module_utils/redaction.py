"""Keep secret values out of what people see."""

from __future__ import annotations

from collections.abc import Mapping

#: Shorter values are common words; replacing them would hide the text and protect nothing.
SHORTEST = 6


class Redactor:
    """Replaces known secret values in a text by their names.

    >>> Redactor({"postgres/replication": "hunter2hunter2"})("password is hunter2hunter2")
    'password is [secret postgres/replication]'
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        by_length = sorted(secrets.items(), key=lambda item: -len(str(item[1])))
        self._values = [(str(value), name) for name, value in by_length if len(str(value)) >= SHORTEST]

    def __call__(self, text: str) -> str:
        for value, name in self._values:
            text = text.replace(value, f"[secret {name}]")
        return text
