"""Numbers and hashes of tables, equal on every database that holds the same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from invigil.storage.database.tables import metadata

BATCH = 500
_SPACE = 1 << 256


@dataclass(frozen=True, slots=True)
class Tally:
    """`rows`: their number. `digest`: 64 hexadecimal digits, whatever the order of the rows."""

    rows: int
    digest: str


class _Sum:
    # The sum of the rows' hashes: databases sort texts differently, so that no order is shared.
    def __init__(self) -> None:
        self._rows = 0
        self._sum = 0

    def add(self, row: Sequence[Any]) -> None:
        text = json.dumps([_plain(value) for value in row], sort_keys=True)
        self._sum += int.from_bytes(hashlib.sha256(text.encode()).digest())
        self._rows += 1

    def tally(self) -> Tally:
        return Tally(self._rows, f"{self._sum % _SPACE:064x}")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


async def batches(
    connection: AsyncConnection, table: sa.Table
) -> AsyncIterator[Sequence[sa.Row[Any]]]:
    """All rows of a table, `BATCH` at a time, without holding them all."""
    result = await connection.stream(sa.select(table))
    async for rows in result.partitions(BATCH):
        yield rows


async def tally_table(connection: AsyncConnection, table: sa.Table) -> Tally:
    total = _Sum()
    async for rows in batches(connection, table):
        for row in rows:
            total.add(row)
    return total.tally()


async def tally_all(connection: AsyncConnection) -> dict[str, Tally]:
    """By the name of the table, parents before children."""
    return {table.name: await tally_table(connection, table) for table in tables()}


def tables() -> Iterator[sa.Table]:
    """Parents before children, so that rows can be written in this order."""
    yield from metadata.sorted_tables


async def filled(connection: AsyncConnection) -> list[str]:
    """The names of our tables that exist and have rows."""
    known = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    found = []
    for table in tables():
        if table.name in known:
            row = (
                await connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1))
            ).first()
            if row is not None:
                found.append(table.name)
    return found
