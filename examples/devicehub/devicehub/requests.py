"""ASGI layers around Django: a request's id and its line in the access log, and a bound on concurrent requests."""

import asyncio
import logging
import re
import time
import uuid

from .logs import request_id

logger = logging.getLogger("devicehub.access")

# Taken as it is only when it looks like an id: it ends up in logs and in a response header.
USABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        identifier = given.decode() if USABLE_ID.fullmatch(given) else uuid.uuid4().hex
        request_id.set(identifier)
        started = time.monotonic()
        status = None

        async def send_with_id(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), (b"x-request-id", identifier.encode())]}
            elif message["type"] in ("websocket.accept", "websocket.close"):
                status = status or message["type"].removeprefix("websocket.")
            await send(message)

        try:
            await self.application(scope, receive, send_with_id)
        finally:
            # No query string, headers or body: they may hold what a log must not.
            logger.log(
                logging.DEBUG if scope["path"].startswith("/health/") else logging.INFO,
                "request",
                extra={
                    "method": scope.get("method", "WEBSOCKET"),
                    "path": scope["path"],
                    "status": status,
                    "duration_ms": round((time.monotonic() - started) * 1000, 1),
                },
            )


class Bounded:
    """At most `limit` requests at a time; the others wait.

    Django answers each in a thread of its own, with its own connections: a hundred at once are no faster than a few,
    and need more memory than the container has.
    """

    def __init__(self, application, limit):
        self.application = application
        self.slots = asyncio.Semaphore(limit)

    async def __call__(self, scope, receive, send):
        async with self.slots:
            await self.application(scope, receive, send)
