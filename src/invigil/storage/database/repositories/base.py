"""What all repositories share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks


class Repository:
    """Works in the transaction of its unit of work; never commits.

    Statements of the frame's way are built once and take parameters: building one costs as much
    as running it.
    """

    def __init__(self, connection: Executes, locks: Locks) -> None:
        self._connection = connection
        self._locks = locks

    async def _one(self, statement: sa.Executable, **parameters: Any) -> RowMapping | None:
        result = await self._connection.execute(statement, parameters)
        return result.mappings().first()

    async def _rows(self, statement: sa.Executable, **parameters: Any) -> Sequence[sa.Row[Any]]:
        """The rows as tuples, which is quicker than by names where there are many."""
        result = await self._connection.execute(statement, parameters)
        return result.all()

    async def _exactly_one(self, statement: sa.Executable, **parameters: Any) -> RowMapping:
        result = await self._connection.execute(statement, parameters)
        return result.mappings().one()

    async def _all(self, statement: sa.Executable, **parameters: Any) -> Sequence[RowMapping]:
        result = await self._connection.execute(statement, parameters)
        return result.mappings().all()

    async def _run(self, statement: sa.Executable, **parameters: Any) -> int:
        """Execute and give the number of rows it touched."""
        result = await self._connection.execute(statement, parameters)
        return result.rowcount

    async def _run_many(self, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same for each of `rows`, on one way to the database and back."""
        if rows:
            await self._connection.execute(statement, rows)
