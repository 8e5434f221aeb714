"""Many units of work in one transaction, run to their end on a thread of their own.

One transaction for every frame costs SQLite one wait for the disk each, and worse: a statement
that is awaited goes to a thread and comes back, so the one write lock is held for a dozen such
journeys. Here everything that waits is taken together. The thread begins, runs unit after unit,
each in a savepoint, commits once, and only then is anything answered.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from invigil.domain.message import Event
from invigil.storage.database.connection import Parameters
from invigil.storage.database.unit_of_work import UnitOfWork
from invigil.storage.sealing import Vault

_T = TypeVar("_T")

Unit = Callable[[UnitOfWork], Coroutine[Any, Any, _T]]
"""Reads and writes in the unit of work it is given, and awaits nothing else."""

AfterCommit = Callable[[Sequence[Event]], None]
InOurWords = Callable[[DBAPIError], Exception]

MOST = 64
"""Units in one transaction; at about a millisecond each the first of them waits for the last."""


class Immediate:
    """A connection whose statements are done by the time they are awaited."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def execute(
        self, statement: sa.Executable, parameters: Parameters = None, /
    ) -> sa.CursorResult[Any]:
        return self._connection.execute(statement, parameters)


@dataclass(eq=False, slots=True)
class Queued:
    """A unit on its way. `error`: why nothing of it was stored; else `value` and `events` are.

    `taken`: where several threads might run it, one does.
    """

    unit: Unit[Any]
    answer: asyncio.Future[Any] = field(repr=False)
    taken: bool = False
    value: Any = None
    events: Sequence[Event] = ()
    error: Exception | None = None

    def tell(self) -> None:
        """Answer whoever asked, if anybody still waits. On the event loop."""
        if self.answer.done():
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.value)

    def tell_all(self, after_commit: AfterCommit | None) -> None:
        """The same, after its events were told to everybody."""
        try:
            if self.events and after_commit is not None:
                after_commit(self.events)
        except Exception as error:  # noqa: BLE001 - the others still want their answers
            self.error = error
        self.tell()


class _Queue:
    """Takes units from the event loop to the one thread, all that wait at a time."""

    def __init__(self, name: str, turn: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._turn = turn
        self._waiting: deque[Queued] = deque()
        self._task: asyncio.Task[None] | None = None

    async def run(self, unit: Unit[_T]) -> _T:
        """The unit's result, once it is safe. Raises what the unit raised.

        Whoever is cancelled while the unit waits has nothing of it stored; later it may be.
        """
        queued = Queued(unit, asyncio.get_running_loop().create_future())
        self._waiting.append(queued)
        # One that is being cancelled, as all are when the loop ends, takes nothing more.
        if self._task is None or self._task.done() or self._task.cancelling():
            self._task = asyncio.create_task(self._drain())
        value: _T = await queued.answer
        return value

    async def close(self) -> None:
        """Finish what was asked for, then end the thread."""
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            async with self._turn():
                group = self._next_group()
                if group:
                    try:
                        await loop.run_in_executor(self._thread, self._process, group)
                    except Exception as error:  # noqa: BLE001 - nobody may wait for ever
                        for queued in group:
                            queued.error = queued.error or error
                            queued.events = ()
                    except asyncio.CancelledError:
                        for queued in group:
                            queued.answer.cancel()
                        raise
            for queued in group:
                self._answer(queued)

    def _next_group(self) -> list[Queued]:
        group: list[Queued] = []
        while self._waiting and len(group) < MOST:
            queued = self._waiting.popleft()
            if not queued.answer.done():  # nobody waits for it any more otherwise
                group.append(queued)
        return group

    def _process(self, group: Sequence[Queued]) -> None:
        """On the thread. Never raises: what goes wrong is noted with each unit."""
        raise NotImplementedError

    def _answer(self, queued: Queued) -> None:
        queued.tell()


class Writer(_Queue):
    """Group commit. `turn` keeps everybody else from writing meanwhile.

    `after_commit` hears the events of each unit once they are safe, and never before.
    """

    def __init__(
        self,
        engine: sa.Engine,
        turn: Callable[[], AbstractAsyncContextManager[object]],
        after_commit: AfterCommit | None,
        in_our_words: InOurWords,
        vault: Vault | None,
    ) -> None:
        super().__init__("sqlite-writer", turn)
        self._engine = engine
        self._vault = vault
        self._after_commit = after_commit
        self._in_our_words = in_our_words

    def _process(self, group: Sequence[Queued]) -> None:
        try:
            with self._engine.connect() as connection:
                self._commit(connection, group)
        except Exception as error:  # noqa: BLE001 - handed to everybody who waits for it
            # Nothing of the group is stored, or nobody can tell: nothing is acknowledged.
            lost = self._in_our_words(error) if isinstance(error, DBAPIError) else error
            for queued in group:
                queued.error = queued.error or lost
                queued.events = ()

    def _commit(self, connection: sa.Connection, group: Sequence[Queued]) -> None:
        try:
            for queued in group:
                self._in_savepoint(connection, queued)
            connection.commit()
        except Exception:
            # Whatever state it is in: closing it rolls back, and the next group has a new one.
            connection.invalidate()
            raise

    def _in_savepoint(self, connection: sa.Connection, queued: Queued) -> None:
        """Run one unit; its own error takes back its own writes and no other's.

        Raises when SQLite has given up the whole transaction, as it may when the disk is full.
        """
        # Not begin_nested(): the same two statements, at a fifth of the cost.
        connection.exec_driver_sql("SAVEPOINT unit")
        try:
            work = UnitOfWork(Immediate(connection), vault=self._vault)
            queued.value = finished(queued.unit(work))
            finished(work.events.write())
            finished(work.audit.write())
            connection.exec_driver_sql("RELEASE unit")
            queued.events = tuple(work.events.pending)
        except Exception as error:
            queued.error = self._in_our_words(error) if isinstance(error, DBAPIError) else error
            try:
                connection.exec_driver_sql("ROLLBACK TO unit")
                connection.exec_driver_sql("RELEASE unit")
            except DBAPIError as lost:
                # What cannot take back its own takes the whole group with it.
                raise error if isinstance(error, DBAPIError) else lost from None
            if not _in_transaction(connection):
                raise

    def _answer(self, queued: Queued) -> None:
        queued.tell_all(self._after_commit)


class Reader(_Queue):
    """Reads that were asked for at the same time share one consistent view.

    The view begins after the last of them was asked for, so each sees what was committed before.
    """

    def __init__(self, engine: sa.Engine, in_our_words: InOurWords, vault: Vault | None) -> None:
        super().__init__("sqlite-reader", contextlib.nullcontext)
        self._vault = vault
        self._engine = engine
        self._in_our_words = in_our_words

    def _process(self, group: Sequence[Queued]) -> None:
        read_together(self._engine, group, self._in_our_words, self._vault)


def read_together(
    engine: sa.Engine, group: Sequence[Queued], in_our_words: InOurWords, vault: Vault | None
) -> None:
    """Run units that only read, in one view. Never raises: what goes wrong is noted with each."""
    try:
        with engine.connect() as connection:
            for queued in group:
                _read(connection, queued, in_our_words, vault)
            connection.rollback()
    except Exception as error:  # noqa: BLE001 - handed to everybody who waits for it
        lost = in_our_words(error) if isinstance(error, DBAPIError) else error
        for queued in group:
            queued.error = queued.error or lost


def _read(
    connection: sa.Connection, queued: Queued, in_our_words: InOurWords, vault: Vault | None
) -> None:
    try:
        work = UnitOfWork(Immediate(connection), vault=vault)
        queued.value = finished(queued.unit(work))
    except DBAPIError as error:
        queued.error = in_our_words(error)
        # PostgreSQL does nothing more in this view: the next unit has a new one.
        connection.rollback()
    except Exception as error:  # noqa: BLE001 - handed to the one who waits for it
        queued.error = error


def finished(unit: Coroutine[Any, Any, _T]) -> _T:
    """What `unit` returns. Raises `RuntimeError` when it waits for anything but the database."""
    try:
        unit.send(None)
    except StopIteration as done:
        value: _T = done.value
        return value
    finally:
        unit.close()
    raise RuntimeError("a unit of work may await its own statements and nothing else")


def _in_transaction(connection: sa.Connection) -> bool:
    return bool(connection.connection.dbapi_connection.in_transaction)  # type: ignore[union-attr]
