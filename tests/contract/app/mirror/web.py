"""Over HTTP: what the process finds, what a request looks like when it arrives, and what a test asks to have tried."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qs

from mirror import facts

READY = "ready as can be"


def ready(environ):
    """Well only for a probe that asks with the Host header and the header that the contract states."""
    asked = (environ.get("HTTP_HOST"), environ.get("HTTP_X_PROBE"))
    return ("203 Well", READY) if asked == ("probe.invalid", "yes") else ("400 Bad Request", f"asked as {asked}")


def request(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    return {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"], "headers": headers, "size": len(body)}


def write(path, text):
    with open(path, "w") as stream:
        stream.write(text)
    return facts.file_facts(path)


ASKED = {
    "facts": lambda _: facts.facts(),
    "file": lambda q: facts.file_facts(q["path"]),
    "write": lambda q: write(q["path"], q["text"]),
    "database": lambda q: facts.database(q["variable"]),
    "database-by-parts": lambda _: facts.database_by_parts(),
    "redis": lambda q: facts.redis_by_url(q["variable"]),
    "redis-by-parts": lambda q: facts.redis_by_parts(q["prefix"]),
    "sentinel": lambda q: facts.redis_by_sentinel(q["prefix"]),
    "sleep": lambda q: time.sleep(float(q["seconds"])),
}


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/ready":
        status, text = ready(environ)
    else:
        query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        asked = ASKED.get(path.removeprefix("/ask/"), lambda _: request(environ))
        try:
            status, text = "200 OK", json.dumps(asked(query))
        except Exception as error:  # noqa: BLE001 the test that asked reads it
            status, text = "500 Internal Server Error", json.dumps({"error": repr(error)})
    start_response(status, [("Content-Type", "application/json"), ("X-Powered-By", "mirror")])
    return [text.encode()]
