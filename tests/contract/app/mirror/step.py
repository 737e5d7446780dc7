"""One-off commands: ``python -m mirror.step NAME`` notes in the database that it ran; ``--pending`` asks about one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg

MEDIA = Path("/app/media")
TABLE = "CREATE TABLE IF NOT EXISTS steps (number serial PRIMARY KEY, name text NOT NULL)"


def main():
    names = [name for name in sys.argv[1:] if name != "--pending"]
    with psycopg.connect(os.environ["DB_DIRECT_URL"], connect_timeout=5) as connection:
        connection.execute(TABLE)
        if "--pending" in sys.argv:
            found = connection.execute("SELECT 1 FROM steps WHERE name = ANY(%s)", (names,)).fetchone()
            sys.exit(0 if found else 1)
        for name in names:
            if os.access(MEDIA, os.W_OK):  # not where it migrates at the start of a process without that volume
                MEDIA.joinpath(f"{name}.step").touch()
            connection.execute("INSERT INTO steps (name) VALUES (%s)", (name,))


if __name__ == "__main__":
    main()
