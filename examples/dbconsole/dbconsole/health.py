"""/health/live, /health/ready and /health/detail, answered before Flask: no Host check, no connection of a request's.

A probe must answer quickly above all when a dependency does not. So each dependency is asked on the side, every second,
over a connection that is kept; an answer is what was last heard, and counts for GRACE seconds: a replica whose database
hangs is not ready either.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg
import redis

logger = logging.getLogger(__name__)

PAUSE = 1.0
GRACE = 4.0
TIMEOUT = 2.0


class Postgres:
    def __init__(self, url: str) -> None:
        self.url = url
        self.connection: psycopg.Connection | None = None

    def ask(self) -> None:
        try:
            if self.connection is None:
                self.connection = psycopg.connect(
                    self.url,
                    autocommit=True,
                    prepare_threshold=None,
                    application_name="health",
                    connect_timeout=2,
                    tcp_user_timeout=4000,
                )
            self.connection.execute("SELECT 1")
        except psycopg.Error:
            connection, self.connection = self.connection, None
            with suppress(psycopg.Error, AttributeError):
                connection.close()
            raise


class Redis:
    def __init__(self, url: str) -> None:
        options = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "retry": None}
        self.client = redis.Redis.from_url(url, **options)

    def ask(self) -> None:
        self.client.ping()


class Dependency(threading.Thread):
    def __init__(self, name: str, ask: Callable[[], None]) -> None:
        super().__init__(name=f"health of {name}", daemon=True)
        self.ask = ask
        self.problem: str | None = None
        self.heard = threading.Event()
        self.answered = float("-inf")

    def run(self) -> None:
        while True:
            try:
                self.ask()
                problem = None
            except Exception as error:  # noqa: BLE001 - whatever it is, the dependency cannot be used
                problem = type(error).__name__
            if problem != self.problem:
                logger.warning("dependency changed", extra={"dependency": self.name, "problem": problem})
            self.problem, self.answered = problem, time.monotonic()
            self.heard.set()
            time.sleep(PAUSE)

    def state(self) -> str:
        if self.problem:
            return self.problem
        return "ok" if time.monotonic() - self.answered < GRACE else "NoAnswer"


class Health:
    """A WSGI layer. The threads start with the first question: after Gunicorn has forked, not before."""

    def __init__(self, application, asked: dict[str, Callable[[], None]], about: dict[str, str]) -> None:
        self.application = application
        self.asked = asked
        self.about = about
        self.dependencies: dict[str, Dependency] = {}
        self.lock = threading.Lock()

    def states(self) -> dict[str, str]:
        with self.lock:
            if not self.dependencies:
                self.dependencies = {name: Dependency(name, ask) for name, ask in self.asked.items()}
                for dependency in self.dependencies.values():
                    dependency.start()
                for dependency in self.dependencies.values():
                    dependency.heard.wait(TIMEOUT)
        return {name: dependency.state() for name, dependency in self.dependencies.items()}

    def answer(self, path: str) -> tuple[str, dict[str, object]]:
        if path == "/health/live":
            return "200 OK", {"live": True}
        if path not in ("/health/ready", "/health/detail"):
            return "404 Not Found", {"error": "not found"}
        states = self.states()
        ready = set(states.values()) == {"ok"}
        more = {**self.about, "dependencies": states} if path == "/health/detail" else {}
        return "200 OK" if ready else "503 Service Unavailable", {"ready": ready, **more}

    def __call__(self, environ, start_response):
        if not environ["PATH_INFO"].startswith("/health/"):
            return self.application(environ, start_response)
        status, body = self.answer(environ["PATH_INFO"])
        content = json.dumps(body).encode()
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        start_response(status, [*headers, ("Content-Length", str(len(content)))])
        return [content]
