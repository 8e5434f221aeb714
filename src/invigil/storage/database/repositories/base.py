"""What all repositories share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from invigil.storage.database.locks import Locks


class Repository:
    """Works in the transaction of its unit of work; never commits."""

    def __init__(self, connection: AsyncConnection, locks: Locks) -> None:
        self._connection = connection
        self._locks = locks

    async def _one(self, statement: sa.Executable) -> RowMapping | None:
        result = await self._connection.execute(statement)
        return result.mappings().first()

    async def _exactly_one(self, statement: sa.Executable) -> RowMapping:
        result = await self._connection.execute(statement)
        return result.mappings().one()

    async def _all(self, statement: sa.Executable) -> Sequence[RowMapping]:
        result = await self._connection.execute(statement)
        return result.mappings().all()

    async def _run(self, statement: sa.Executable) -> int:
        """Execute and give the number of rows it touched."""
        result: sa.CursorResult[Any] = await self._connection.execute(statement)
        return result.rowcount
