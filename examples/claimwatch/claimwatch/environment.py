"""Reading settings from the environment, and saying everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


class Environment:
    """Problems are collected, and `refuse` raises when there are any. They name a variable, never the value it has."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None, why: str = "") -> str:
        value = self.variables.get(name, "").strip() or default
        if value is None:
            self.problems.append(f"{name} is missing{why}")
        return value or ""

    def secret(self, name: str, length: int, why: str = "") -> str:
        value = self.text(name, why=why)
        if value and (len(value) < length or len(set(value)) < 8):
            self.problems.append(f"{name} is not a random text of {length} characters or more{why}")
        return value

    def names(self, name: str) -> list[str]:
        values = [part.strip() for part in self.text(name).split(",") if part.strip()]
        if "*" in values:
            self.problems.append(f"{name} must name what it allows instead of '*'")
        return values

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            self.problems.append(f"{name} must be a whole number")
            return default
        return int(value)

    def url(self, name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(name, default)
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if value and not usable:
            self.problems.append(f"{name} must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return value if usable else ""

    def refuse(self) -> None:
        if self.problems:
            listed = "\n".join(f"  - {problem}" for problem in self.problems)
            raise ImproperlyConfigured(f"The environment is not usable:\n{listed}")


def postgres_database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for a postgres:// URL; its query (sslmode, sslrootcert, …) goes to libpq as it is."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A peer that vanished without a word is noticed after seconds, not after the kernel's fifteen minutes.
        "OPTIONS": {"connect_timeout": "3", "tcp_user_timeout": "10000", **dict(parse_qsl(parts.query))},
    }
