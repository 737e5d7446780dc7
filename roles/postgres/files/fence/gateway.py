"""etcd's keys, by the JSON gateway of its third interface. https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from http import HTTPStatus
from typing import Any

#: Seconds that a member may take to be reached, and to answer: members elect before they do.
REACHED, ANSWER = 1.0, 3.0
#: Seconds for which a connection is kept: the nearest member may be back, and a farther one on the leader's host.
KEPT = 10


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def ranged(key: str, end: str = "") -> dict[str, Any]:
    return {"request_range": {"key": encoded(key), **({"range_end": encoded(end)} if end else {})}}


def put(key: str, value: str, **options: object) -> dict[str, Any]:
    return {"request_put": {"key": encoded(key), "value": encoded(value), **options}}


def deleted(key: str) -> dict[str, Any]:
    return {"request_delete_range": {"key": encoded(key)}}


def unchanged(key: str, revision: int) -> dict[str, Any]:
    """A condition; revision 0 is that of a key that is not there."""
    return {"key": encoded(key), "target": "MOD", "result": "EQUAL", "mod_revision": str(revision)}


class Etcd:
    """The gateway of the nearest member that answers. Every answer has the consent of a majority, or is an error."""

    def __init__(self, members: list[str], context: ssl.SSLContext) -> None:
        self._members = members
        self._context = context
        self._connection: http.client.HTTPSConnection | None = None
        self._since = 0.0
        #: The member that failed last, and how many errors of its own the one in use has told since it was right.
        self._failed = ""
        self._errors = 0

    def _connect(self) -> http.client.HTTPSConnection:
        problem = ""
        for member in sorted(self._members, key=lambda name: name == self._failed):
            connection = http.client.HTTPSConnection(member, 2379, timeout=REACHED, context=self._context)
            try:
                connection.connect()
            except OSError as error:
                problem = f"{member}: {error}"
                continue
            connection.sock.settimeout(ANSWER)
            self._since = time.monotonic()
            return connection
        raise OSError(problem)

    def _drop(self) -> None:
        if self._connection:
            self._failed = self._connection.host
            self._connection.close()
        self._connection, self._errors = None, 0

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self._connection and time.monotonic() > self._since + KEPT:
            self._drop()
            self._failed = ""
        self._connection = self._connection or self._connect()
        try:
            self._connection.request("POST", f"/v3/{path}", json.dumps(body))
            response = self._connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            member = self._connection.host
            self._drop()
            raise OSError(f"{member}: {error or type(error).__name__}") from error
        if response.status != HTTPStatus.OK:
            # Whoever says so at all may know better in a moment: members elect.
            self._errors += 1
            if self._errors > 1:
                self._drop()
            raise OSError(str(answer.get("message")))
        self._errors = 0
        return answer

    def lease(self, seconds: int) -> str:
        return str(self._ask("lease/grant", {"TTL": str(seconds)})["ID"])

    def transact(self, do: list[dict[str, Any]], where: list[dict[str, Any]] | None = None) -> list[Any] | None:
        """The answers, or None where a condition did not hold."""
        answer = self._ask("kv/txn", {"compare": where or [], "success": do})
        return answer.get("responses", []) if answer.get("succeeded") else None


def found(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Keys out of the answer to a range, with what they hold."""
    entries = response.get("response_range", {}).get("kvs", [])
    return [
        {
            "key": base64.b64decode(entry["key"]).decode(),
            "value": base64.b64decode(entry.get("value", "")).decode(),
            "revision": int(entry["mod_revision"]),
            "lease": str(entry.get("lease", "0")),
        }
        for entry in entries
    ]
