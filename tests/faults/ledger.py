"""Write to the stores as the application does, and tell of each write when it was acknowledged.

Runs in a replica of the example application, with its own settings and drivers: through pgbouncer and the router.
``write NAME`` inserts a row and pushes onto a list every PERIOD seconds, until its standard input ends, and prints a
JSON line for each try: ``{store, id, began, ended, problem}``. ``prepare``, ``read`` (prints what is there) and
``remove`` do what they say.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import redis

KEY = "slipway-ledger"
PERIOD = 0.05


def postgres(url: str = "DATABASE_URL") -> Any:
    return psycopg.connect(os.environ[url], autocommit=True, connect_timeout=2)


def broker() -> Any:
    connection = redis.Redis.from_url(os.environ["CHANNEL_URL"], socket_timeout=3, socket_connect_timeout=2)
    connection.ping()
    return connection


def insert(connection: Any, entry: str) -> None:
    connection.execute("INSERT INTO slipway_ledger VALUES (%s)", (entry,))


def push(connection: Any, entry: str) -> None:
    connection.rpush(KEY, entry)


def keep_writing(store: str, name: str, connect: Callable[[], Any], write: Callable[[Any, str], None]) -> None:
    connection, number = None, 0
    while not ended.is_set():
        number += 1
        entry = f"{name}-{number}"
        began, problem = time.time(), ""
        try:
            connection = connection or connect()
            write(connection, entry)
        except (psycopg.Error, redis.RedisError, OSError, ssl.SSLError) as error:
            problem = f"{type(error).__name__}: {error}".splitlines()[0]
            connection = None
        said = {"store": store, "id": entry, "began": began, "ended": time.time(), "problem": problem}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        time.sleep(PERIOD)


ended = threading.Event()


def main() -> None:
    what = sys.argv[1]
    if what == "prepare":
        with postgres("DATABASE_DIRECT_URL") as connection:
            connection.execute("DROP TABLE IF EXISTS slipway_ledger")
            connection.execute("CREATE TABLE slipway_ledger (id text PRIMARY KEY)")
        broker().delete(KEY)
    elif what == "read":
        with postgres("DATABASE_DIRECT_URL") as connection:
            rows = [row[0] for row in connection.execute("SELECT id FROM slipway_ledger").fetchall()]
        print(json.dumps({"postgres": rows, "redis": [entry.decode() for entry in broker().lrange(KEY, 0, -1)]}))
    elif what == "remove":
        with postgres("DATABASE_DIRECT_URL") as connection:
            connection.execute("DROP TABLE slipway_ledger")
        broker().delete(KEY)
    else:
        writers = [("postgres", postgres, insert), ("redis", broker, push)]
        threads = [
            threading.Thread(target=keep_writing, args=(store, sys.argv[2], connect, write), daemon=True)
            for store, connect, write in writers
        ]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        ended.set()
        for thread in threads:
            thread.join(5)


if __name__ == "__main__":
    main()
