"""Reading settings from the environment, and saying everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PLACEHOLDERS = ("changeme", "change-me", "secret", "password", "example", "django-insecure-")


class Environment:
    """Typed access to environment variables. Problems are collected; `refuse` raises when there are any.

    A problem names the variable and what is expected of it, never the value it has.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self.variables.get(name, "").strip()
        if value:
            return value
        if default is None:
            self.problems.append(f"{name} is missing")
            return ""
        return default

    def secret(self, name: str, length: int) -> str:
        value = self.text(name)
        if not value:
            return value
        if value.lower().startswith(PLACEHOLDERS) or len(set(value)) < 8:
            self.problems.append(f"{name} is a placeholder: generate a random one")
        elif len(value) < length:
            self.problems.append(f"{name} is shorter than {length} characters")
        return value

    def names(self, name: str) -> list[str]:
        """A comma separated list with at least one entry."""
        values = [part.strip() for part in self.text(name).split(",") if part.strip()]
        if "*" in values:
            self.problems.append(f"{name} must name what it allows instead of '*'")
        return values

    def origins(self, name: str) -> list[str]:
        values = self.names(name)
        if any(not value.startswith(("https://", "http://")) for value in values):
            self.problems.append(f"{name} must list origins with their scheme, such as https://devicehub.example.org")
        return values

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            self.problems.append(f"{name} must be a whole number")
            return default
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in ("true", "false"):
            self.problems.append(f"{name} must be true or false")
        return value == "true"

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}")
            return default
        return value

    def url(self, name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(name, default)
        if not value:
            return value
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            self.problems.append(f"{name} must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return value if usable else ""

    def refuse(self) -> None:
        """Raise when anything was wrong, with all of it."""
        if self.problems:
            raise ImproperlyConfigured(
                "The environment is not usable:\n" + "\n".join(f"  - {p}" for p in self.problems)
            )


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
