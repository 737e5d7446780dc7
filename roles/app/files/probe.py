#!/usr/bin/env python3
"""Ask one process of an application whether it is ready: exit status 0, or 1 with the reason on stdout.

A singleton that stands by while another container runs it (singleton.py) is as ready as it can be.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys

STANDBY = "/tmp/slipway-standby"


def command(probe):
    done = subprocess.run(probe["command"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout[-400:] or f"status {done.returncode}"


def http_get(probe):
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
    question = json.loads(sys.argv[1])
    reason = (command if question.get("command") else http_get)(question)
    if reason and not (question.get("singleton") and os.path.exists(STANDBY)):
        print(reason)
        sys.exit(1)
