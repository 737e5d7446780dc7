"""Alembic: what changes the schema talks to Postgres itself, not to the transaction pool."""

import logging.config

from alembic import context

from dbconsole.database import Base, engine_for
from dbconsole.logs import configuration
from dbconsole.settings import SETTINGS

logging.config.dictConfig(configuration(SETTINGS))
engine = engine_for(SETTINGS.direct_url)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
