"""JSON logs: one object per line, with the id of the request that the line belongs to."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

from django.conf import settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# A client that puts its token where it does not belong, in a URL, does not find it in our logs.
TOKEN = re.compile(r"dht_[A-Za-z0-9_-]+")
# What a LogRecord always has; the rest was given by the caller as `extra`.
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            "replica": settings.REPLICA,
        }
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return TOKEN.sub("dht_***", json.dumps(line, default=str))
