"""Move all rows of one database into another, and prove that all have arrived."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from invigil.domain.errors import MaintenanceRefused
from invigil.storage.database import Database
from invigil.storage.database.migrate import upgrade
from invigil.storage.database.postgres import what_failed
from invigil.storage.maintenance.tally import Tally, batches, filled, tables, tally_all


async def copy_all(source: Database, target: Database) -> dict[str, Tally]:
    """Copy every table in one transaction; gives what arrived, by table.

    Raises `MaintenanceRefused`, with nothing written, when the target has rows already, when a row
    cannot be stored there, or when numbers or hashes differ afterwards.
    """
    await upgrade(source)
    await upgrade(target)
    async with source.snapshot() as reading, target.engine.connect() as writing:
        await _without_limits(reading)
        await _without_limits(writing)
        occupied = await filled(writing)
        if occupied:
            raise MaintenanceRefused(
                f"The target has rows already (in {', '.join(occupied)}); nothing was copied.",
                fix="Name an empty database.",
            )
        try:
            for table in tables():
                async for rows in batches(reading, table):
                    await writing.execute(table.insert(), [dict(row._mapping) for row in rows])
        except DBAPIError as error:
            raise MaintenanceRefused(
                f"A row cannot be stored in the target: {_plainly(error)}. Nothing was copied.",
                fix="Report this with the line above; the source was not changed.",
            ) from error
        wanted, arrived = await tally_all(reading), await tally_all(writing)
        differing = [name for name in wanted if wanted[name] != arrived[name]]
        if differing:
            raise MaintenanceRefused(
                f"After copying, {', '.join(differing)} differ; the copy was taken back.",
                fix="Report this; the source was not changed.",
            )
        await writing.commit()
    return arrived


async def _without_limits(connection: AsyncConnection) -> None:
    # Long transactions of which each waits for the other; no request waits for them.
    if connection.dialect.name == "postgresql":
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            await connection.execute(sa.text(f"SET LOCAL {limit} = 0"))


def _plainly(error: DBAPIError) -> str:
    cause = error.orig
    return what_failed(cause) if isinstance(cause, psycopg.Error) else str(cause)
