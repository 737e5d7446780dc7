#!/usr/bin/env python3
"""Ask one process of an application over HTTP whether it is ready: exit status 0, or 1 with the reason on stdout."""

from __future__ import annotations

import http.client
import json
import sys


def main(probe):
    connection = http.client.HTTPConnection("127.0.0.1", probe["port"], timeout=probe["timeout"])
    try:
        connection.request("GET", probe["path"], headers=probe["headers"])
        answer = connection.getresponse()
        body = answer.read(65536).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"GET {probe['path']}: {error}"
    if answer.status != probe["status"]:
        return f"GET {probe['path']}: status {answer.status}, wanted {probe['status']}: {body[:200]}"
    if probe["body"] and probe["body"] not in body:
        return f"GET {probe['path']}: the body does not contain {probe['body']!r}: {body[:200]}"
    return ""


if __name__ == "__main__":
    reason = main(json.loads(sys.argv[1]))
    if reason:
        print(reason)
        sys.exit(1)
