"""JSON logs: one object per line, with the id of the request that the line belongs to."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime

from .settings import Settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
logger = logging.getLogger("dbconsole.access")

# Taken as it is only when it looks like an id: it ends up in logs and in a response header.
USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# What a LogRecord always has; the rest was given by the caller as `extra`.
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    def __init__(self, replica: str) -> None:
        super().__init__()
        self.replica = replica

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            "replica": self.replica,
        }
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configuration(settings: Settings) -> dict[str, object]:
    """For logging.config.dictConfig, and for Gunicorn."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter, "replica": settings.replica}},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
        "root": {"handlers": ["stdout"], "level": settings.log_level},
        "loggers": {
            "gunicorn": {"level": settings.log_level},
            # RequestLog writes a line for each request, with its id and without the query string.
            "gunicorn.access": {"level": "ERROR"},
            # Each sample is a line of our own; APScheduler's two more for each run would say the same.
            "apscheduler": {"level": "WARNING"},
        },
    }


class RequestLog:
    """A WSGI layer: gives each request an id, and writes its line."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        given = environ.get("HTTP_X_REQUEST_ID", "")
        identifier = given if USABLE_ID.fullmatch(given) else uuid.uuid4().hex
        request_id.set(identifier)
        started = time.monotonic()

        def start_with_id(status, headers, *more):
            # No query string, headers or body: they may hold what a log must not.
            logger.log(
                logging.DEBUG if environ["PATH_INFO"].startswith("/health/") else logging.INFO,
                "request",
                extra={
                    "method": environ["REQUEST_METHOD"],
                    "path": environ["PATH_INFO"],
                    "status": int(status.split()[0]),
                    "duration_ms": round((time.monotonic() - started) * 1000, 1),
                },
            )
            return start_response(status, [*headers, ("X-Request-ID", identifier)], *more)

        return self.application(environ, start_with_id)
