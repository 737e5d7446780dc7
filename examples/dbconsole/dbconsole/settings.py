"""Settings from the environment; README.md lists them. What is wrong is said all at once, and no value with it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Settings:
    secret_key: str
    password: str
    allowed_hosts: list[str]
    database_url: str
    direct_url: str
    cache_url: str
    log_level: str
    replica: str
    version: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Settings:
        problems: list[str] = []

        def text(name: str, default: str | None = None) -> str:
            value = variables.get(name, "").strip() or default
            if value is None:
                problems.append(f"{name} is missing")
            return value or ""

        def secret(name: str, length: int) -> str:
            value = text(name)
            if value and (len(value) < length or len(set(value)) < 8):
                problems.append(f"{name} is not a random text of {length} characters or more")
            return value

        def url(name: str, *schemes: str, default: str | None = None) -> str:
            value = text(name, default)
            if value and urlsplit(value).scheme not in schemes:
                problems.append(f"{name} must be a URL that starts with {schemes[0]}://")
            return value

        postgres = ("postgres", "postgresql")
        database_url = url("DATABASE_URL", *postgres)
        found = cls(
            secret_key=secret("SECRET_KEY", 50),
            password=secret("CONSOLE_PASSWORD", 32),
            allowed_hosts=[name.strip() for name in text("ALLOWED_HOSTS").split(",")],
            database_url=database_url,
            direct_url=url("DATABASE_DIRECT_URL", *postgres, default=database_url),
            cache_url=url("CACHE_URL", "rediss", "redis"),
            log_level=text("LOG_LEVEL", "INFO"),
            # In a container the host name is its own: logs, samples and /health/detail say who speaks.
            replica=text("REPLICA", socket.gethostname()),
            version=text("SLIPWAY_VERSION", "unknown"),
        )
        if problems:
            sys.exit("The environment is not usable:\n" + "\n".join(f"  - {problem}" for problem in problems))
        return found


SETTINGS = Settings.read(os.environ)
