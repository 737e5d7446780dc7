"""What is wrong with an inventory or a host, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """``where`` is a variable as a dotted path, or a host; ``what`` and ``how`` are sentences without full stop."""

    where: str
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. Mend: {self.how}."


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """A question to append to a message, or nothing where no known word is near.

    >>> did_you_mean("pathh", ["path", "host"])
    ', did you mean path?'
    """
    near = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f", did you mean {near[0]}?" if near else ""


def numbered(problems: Iterable[Problem]) -> str:
    """All problems as one text, each once."""
    lines = [f"{number}. {problem}" for number, problem in enumerate(dict.fromkeys(problems), 1)]
    return "\n".join(lines)
