"""Bring the schema up to date, in one transaction, on every start."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from invigil.storage.database.engine import Database
from invigil.storage.database.postgres import lock_migrations
from invigil.storage.database.tables import metadata


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Apply every migration that is missing; of several that start together, one does it."""

    def run(connection: sa.Connection) -> None:
        command.upgrade(_config(connection), "head")
        connection.commit()

    async with database.engine.connect() as connection:
        if database.is_sqlite:
            # The write lock first: who comes second reads the schema as the first has left it.
            await connection.execution_options(invigil_write=True)
        else:
            await lock_migrations(connection)
        await connection.run_sync(run)


async def differences(database: Database) -> list[object]:
    """What the tables in code and in the database differ in; empty when they agree."""

    def run(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.engine.connect() as connection:
        return await connection.run_sync(run)
