"""The way to today's schema: once, whole or not at all."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil.domain.errors import StorageMisconfigured
from invigil.storage.database import Database
from invigil.storage.database.engine import sqlite_url
from invigil.storage.database.migrate import differences, upgrade
from tests.support.databases import Dialect

_UPGRADE = """
import asyncio, sys
from invigil.storage.database import Database
from invigil.storage.database.migrate import upgrade

async def main():
    database = Database(sys.argv[1])
    await upgrade(database)
    await database.close()

asyncio.run(main())
"""


async def test_an_upgrade_that_cannot_go_on_leaves_the_database_as_it_was(
    tmp_path: Path, dialect: Dialect
) -> None:
    fresh = dialect.empty(tmp_path) or sqlite_url(tmp_path / "fresh.db")
    database = Database(fresh)
    async with database.engine.begin() as connection:
        # One of the later migrations meets it, and cannot make its own.
        await connection.execute(sa.text("CREATE TABLE audit_entry (seq INTEGER)"))
    with pytest.raises(StorageMisconfigured):
        await upgrade(database)
    async with database.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    assert found == ["audit_entry"]
    await database.close()


async def test_servers_that_start_together_migrate_once(tmp_path: Path, dialect: Dialect) -> None:
    """As processes: Alembic knows one migration at a time in each."""
    fresh = dialect.empty(tmp_path) or sqlite_url(tmp_path / "fresh.db")
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _UPGRADE, fresh)
        for _ in range(4)
    ]
    assert [await process.wait() for process in started] == [0] * 4
    database = Database(fresh)
    assert await differences(database) == []
    await database.close()
