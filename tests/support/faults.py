"""Makes the N-th call of the server to its database or its images fail, as SQLite tests itself.

Below everything of ours: statements and commits fail where the driver is called, images where the
library of the store is. What fails is the call alone; the connection lives.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from unittest.mock import patch

import psycopg
import sqlalchemy as sa
from obstore.exceptions import GenericError
from obstore.store import LocalStore
from sqlalchemy.engine.default import DefaultDialect

from tests.support.house import Running


class How(StrEnum):
    """BEFORE: the call does nothing and fails. LOST: a commit is made, and its answer is lost."""

    BEFORE = "before"
    LOST = "answer lost"


class Sabotage:
    """Counts calls; the one with this number fails. `struck`: which one that was."""

    def __init__(self, number: int, how: How) -> None:
        self.count = 0
        self.struck: str | None = None
        self._number = number
        self._how = how

    def call(self, what: str) -> bool:
        """Whether this call is the one."""
        self.count += 1
        if self.count == self._number:
            self.struck = what
        return self.count == self._number

    def driver_error(self, dialect: sa.Dialect) -> Exception:
        if dialect.name == "sqlite":
            return sqlite3.OperationalError("disk I/O error")
        return psycopg.OperationalError("the connection was lost")

    def execute(self, _cursor: object, statement: str, _values: object, context: Any) -> None:
        if self._how is How.BEFORE and self.call(" ".join(statement.split()[:3])):
            raise self.driver_error(context.dialect)

    def commit(self, real: Callable[..., None]) -> Callable[..., None]:
        def commit(dialect: DefaultDialect, connection: object) -> None:
            struck = self.call("COMMIT")
            if not struck or self._how is How.LOST:
                real(dialect, connection)
            if struck:
                raise self.driver_error(dialect)

        return commit


class _Store:
    """A `LocalStore` of which one call fails."""

    def __init__(self, store: LocalStore, sabotage: Sabotage, how: How) -> None:
        self._store = store
        self._sabotage = sabotage
        self._how = how

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)
        if not name.endswith("_async") or self._how is not How.BEFORE:
            return real

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self._sabotage.call(name):
                raise GenericError("Input/output error")
            return await real(*args, **kwargs)

        return call


@contextmanager
def failing(house: Running, number: int, how: How) -> Iterator[Sabotage]:
    """Within the block the storage call of this number, counted from 1, fails."""
    sabotage = Sabotage(number, how)
    shelf: Any = house.storage.store.shelf
    sa.event.listen(sa.Engine, "do_execute", sabotage.execute)
    try:
        with (
            patch.object(shelf, "_store", _Store(shelf._store, sabotage, how)),
            patch.object(DefaultDialect, "do_commit", sabotage.commit(DefaultDialect.do_commit)),
        ):
            yield sabotage
    finally:
        sa.event.remove(sa.Engine, "do_execute", sabotage.execute)
