"""Whoever gives up while a connection is being opened leaves no half-open one behind.

PostgreSQL waits a minute for the password of such a one, and meanwhile for it: no database can be
dropped on that server, and one connection fewer is to be had.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from pathlib import Path

import psutil
import sqlalchemy as sa

from invigil.storage.database import Database
from tests.support.postgres import Cluster


def open_to(port: int) -> int:
    """Connections of this process to that port."""
    found = psutil.Process().net_connections("tcp4")
    return sum(each.raddr and each.raddr.port == port for each in found)


async def test_a_connection_that_nobody_waits_for_any_more_is_closed(
    cluster: Cluster, tmp_path: Path
) -> None:
    url = cluster.create()
    gc.collect()
    before = open_to(cluster.port)
    gc.disable()  # it would hide what is left behind, until it runs
    try:
        for step in range(40):
            database = Database(url)
            asking = asyncio.create_task(_ask(database))
            await asyncio.sleep(step * 0.0005)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            await database.close()
            # Fewer than before: a test that ran earlier had one that was on its way out.
            assert open_to(cluster.port) <= before, f"cancelled after {step / 2} ms"
    finally:
        gc.enable()
    cluster.drop(url)


async def _ask(database: Database) -> None:
    # On a quick machine it comes to an end before it is cancelled.
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("SELECT 1"))
