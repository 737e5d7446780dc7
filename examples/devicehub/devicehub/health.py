"""/health/live, /health/ready and /health/detail, answered before Django: no session, no thread, no Host check.

A probe must answer quickly above all when a dependency does not. Each dependency is asked over a connection that is
kept open; the answer is awaited for BUDGET seconds only, while the question itself goes on in the background (it may be
opening a new connection). Without an answer within the budget, a dependency counts as reachable only if it was so
within the last GRACE seconds: a replica that is merely busy keeps serving, one whose database hangs does not.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable

import psycopg
import redis.asyncio
from django.conf import settings

logger = logging.getLogger(__name__)

BUDGET = 0.05
GRACE = 2.0
QUESTION_TIMEOUT = 3.0


class Postgres:
    def __init__(self, url: str) -> None:
        self.url = url
        self.connection: psycopg.AsyncConnection | None = None

    async def ask(self) -> None:
        try:
            if self.connection is None:
                self.connection = await psycopg.AsyncConnection.connect(
                    self.url, autocommit=True, prepare_threshold=None, application_name="health"
                )
            await self.connection.execute("SELECT 1")
        except BaseException:
            connection, self.connection = self.connection, None
            if connection is not None:
                await connection.close()
            raise


class Redis:
    def __init__(self, url: str) -> None:
        self.client = redis.asyncio.Redis.from_url(url, max_connections=2, retry=None)

    async def ask(self) -> None:
        await self.client.ping()


class Dependency:
    def __init__(self, ask: Callable[[], Awaitable[None]]) -> None:
        self.ask = ask
        self.question: asyncio.Task[str | None] | None = None
        self.answered = float("-inf")

    async def _question(self) -> str | None:
        try:
            async with asyncio.timeout(QUESTION_TIMEOUT):
                await self.ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, the dependency cannot be used
            return type(error).__name__
        self.answered = time.monotonic()
        return None

    async def problem(self) -> str | None:
        """Why this dependency cannot be used, or None."""
        if self.question is None or self.question.done():
            self.question = asyncio.create_task(self._question())
        done, _ = await asyncio.wait({self.question}, timeout=BUDGET)
        if done:
            return self.question.result()
        return None if time.monotonic() - self.answered < GRACE else "NoAnswer"


class Health:
    def __init__(self) -> None:
        self.draining = False
        self.dependencies = {
            "database": Dependency(Postgres(settings.DATABASE_URL).ask),
            "cache": Dependency(Redis(settings.CACHE_URL).ask),
            "channels": Dependency(Redis(settings.CHANNEL_URL).ask),
        }
        self.last: dict[str, str] = {}

    async def problems(self) -> dict[str, str]:
        answers = await asyncio.gather(*(dependency.problem() for dependency in self.dependencies.values()))
        found = {name: problem for name, problem in zip(self.dependencies, answers, strict=True) if problem}
        if found != self.last:
            logger.warning("dependencies changed", extra={"problems": found})
            self.last = found
        return found

    async def answer(self, path: str) -> tuple[int, dict[str, object]]:
        if path == "/health/live":
            return 200, {"live": True}
        if path not in ("/health/ready", "/health/detail"):
            return 404, {"error": "not found"}
        problems = await self.problems()
        ready = not problems and not self.draining
        body: dict[str, object] = {"ready": ready}
        if path == "/health/detail":
            states = {name: problems.get(name, "ok") for name in self.dependencies}
            body |= {
                "replica": settings.REPLICA,
                "version": settings.VERSION,
                "draining": self.draining,
                "dependencies": states,
            }
        return (200 if ready else 503), body

    async def __call__(self, scope, receive, send) -> None:
        status, body = await self.answer(scope["path"])
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


health = Health()
