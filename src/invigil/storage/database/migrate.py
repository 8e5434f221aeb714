"""Bring the schema up to date, in one transaction, on every start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from invigil.domain.errors import StorageMisconfigured
from invigil.storage.database.engine import Database
from invigil.storage.database.postgres import lock_migrations, why_unreachable
from invigil.storage.database.tables import metadata

_SCRIPTS = Path(__file__).parent / "migrations"


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Apply every migration that is missing; of several that start together, one does it.

    Raises `StorageMisconfigured` when the database cannot be reached or is of a newer version.
    """

    def run(connection: sa.Connection) -> None:
        command.upgrade(_config(connection), "head")
        connection.commit()

    with _told_plainly(database):
        async with database.engine.connect() as connection:
            if database.is_sqlite:
                # The write lock first: who comes second reads the schema the first has left. Begun
                # here, because Alembic would give each migration a transaction of its own.
                await connection.execution_options(invigil_write=True)
                await connection.begin()
            else:
                await lock_migrations(connection)
            await connection.run_sync(run)


@contextmanager
def _told_plainly(database: Database) -> Iterator[None]:
    """For first connections: what is wrong and what to do, as `StorageMisconfigured`."""
    try:
        yield
    except DBAPIError as error:
        if database.is_sqlite:
            raise StorageMisconfigured(
                f"The SQLite file cannot be used: {error.orig}.",
                fix="Check that the data folder can be written and has room.",
            ) from error
        raise why_unreachable(error) from error
    except CommandError as error:
        raise StorageMisconfigured(
            "This database was made by a newer version of Invigil.", fix="Install that version."
        ) from error


def known_revisions() -> frozenset[str]:
    """The revisions of the schema that this version has a way from."""
    scripts = ScriptDirectory(str(_SCRIPTS))
    return frozenset(script.revision for script in scripts.walk_revisions())


async def revision(database: Database) -> str | None:
    """The revision of the schema in the database; None in an empty one."""
    with _told_plainly(database):
        async with database.engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )


async def differences(database: Database) -> list[object]:
    """What the tables in code and in the database differ in; empty when they agree."""

    def run(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.engine.connect() as connection:
        return await connection.run_sync(run)
