"""What can be measured: a question to the database each, answered with a number. Nobody sends SQL of their own."""

from __future__ import annotations

from sqlalchemy import Engine, text

MEASURES = {
    "connections": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    "database_bytes": "SELECT pg_database_size(current_database())",
    "transactions": "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()",
    "samples": "SELECT count(*) FROM sample",
}


def take(engine: Engine, name: str) -> int:
    """Changes nothing, and gives up after five seconds."""
    with engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("SET LOCAL statement_timeout = '5s'"))
        return int(connection.execute(text(MEASURES[name])).scalar_one())
