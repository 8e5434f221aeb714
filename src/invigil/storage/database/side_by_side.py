"""Units of work side by side: a few threads, each with a connection, take them as they come.

For PostgreSQL. A statement that is awaited on the event loop goes on when the loop comes to it;
when hundreds of pages come together that is late, and whoever holds a lock keeps it meanwhile from
all others: the database idles and nobody is answered. On a thread a unit waits for it alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from invigil.domain.errors import Unavailable
from invigil.storage.database.group_commit import (
    AfterCommit,
    Immediate,
    InOurWords,
    Queued,
    Unit,
    finished,
    read_together,
)
from invigil.storage.database.unit_of_work import UnitOfWork
from invigil.storage.sealing import Vault

_T = TypeVar("_T")

_READ_TOGETHER = 16
LOST_AFTER_S = 12.0
"""Longer than a statement may take. A database that hangs as a whole ends none of its own."""

CLOSE_WITHIN_S = 5.0
"""Whoever waits for a database that hangs is left behind after so long: a server has to end."""


class _Threads:
    """Takes units from the event loop to whichever thread is free first.

    `most`: so many that wait are taken at once. `patience_s`: who was not begun with by then hears
    that the database is away. Threads begin with the first unit.
    """

    def __init__(self, name: str, count: int, *, most: int, patience_s: float) -> None:
        self._waiting: SimpleQueue[Queued | None] = SimpleQueue()
        self._most = most
        self._patience_s = patience_s
        self._lock = Lock()
        self._begun = False
        self._left_behind = False
        self._threads = [
            # Nothing that hangs may keep the process from ending.
            Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(count)
        ]

    async def run(self, unit: Unit[_T]) -> _T:
        """The unit's result, once it is safe. Raises what the unit raised, or `Unavailable`.

        Whoever is cancelled while the unit waits has nothing of it stored; later it may be.
        """
        if not self._begun:
            self._begun = True
            for thread in self._threads:
                thread.start()
        loop = asyncio.get_running_loop()
        queued = Queued(unit, loop.create_future())
        self._waiting.put(queued)
        late = loop.call_later(self._patience_s, self._give_up, queued)
        lost = loop.call_later(LOST_AFTER_S, self._lose, queued)
        try:
            value: _T = await queued.answer
        finally:
            late.cancel()
            lost.cancel()
        return value

    async def close(self) -> None:
        """Finish what was asked for, then end the threads."""
        if not self._begun:
            return
        for _ in self._threads:
            self._waiting.put(None)
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        each_s = CLOSE_WITHIN_S / len(self._threads)
        for thread in self._threads:
            thread.join(each_s)
        self._left_behind = True

    def _give_up(self, queued: Queued) -> None:
        if self._take(queued):
            queued.error = Unavailable()
            queued.tell()

    def _lose(self, queued: Queued) -> None:
        """Nobody knows whether it will be stored: it is not acknowledged."""
        if not queued.answer.done():
            queued.answer.set_exception(Unavailable())

    def _take(self, queued: Queued) -> bool:
        """Whether it is the caller's now: it waited, nobody had taken it and somebody waits."""
        with self._lock:
            mine = not (queued.taken or queued.answer.done())
            queued.taken = True
        return mine

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            group = [each for each in (first, *self._more()) if self._take(each)]
            if not group:
                continue
            try:
                self._process(group)
            except Exception as error:  # noqa: BLE001 - nobody may wait for ever
                for queued in group:
                    queued.error = queued.error or error
                    queued.events = ()
            # Where the loop has ended nobody waits any more.
            with contextlib.suppress(RuntimeError):
                group[0].answer.get_loop().call_soon_threadsafe(self._answer, group)

    def _more(self) -> list[Queued]:
        """What else waits, up to `most` with the first."""
        more: list[Queued] = []
        while len(more) < self._most - 1:
            try:
                queued = self._waiting.get_nowait()
            except Empty:
                break
            if queued is None:
                self._waiting.put(None)
                break
            more.append(queued)
        return more

    def _process(self, group: Sequence[Queued]) -> None:
        """On a thread; what goes wrong is noted with each unit."""
        raise NotImplementedError

    def _answer(self, group: Sequence[Queued]) -> None:
        for queued in group:
            queued.tell()


class Writers(_Threads):
    """Each unit in a transaction of its own, which takes the locks that it needs.

    `after_commit` hears the events of each unit once they are safe, and never before.
    """

    def __init__(
        self,
        engine: sa.Engine,
        count: int,
        after_commit: AfterCommit | None,
        in_our_words: InOurWords,
        vault: Vault | None,
        *,
        patience_s: float,
    ) -> None:
        # Units that share a transaction would take candidates' locks in any order, and two such
        # would wait for one another.
        super().__init__("database-writer", count, most=1, patience_s=patience_s)
        self._engine = engine
        self._after_commit = after_commit
        self._in_our_words = in_our_words
        self._vault = vault

    def _process(self, group: Sequence[Queued]) -> None:
        for queued in group:
            try:
                self._write(queued)
            except DBAPIError as error:
                queued.error = self._in_our_words(error)
            except Exception as error:  # noqa: BLE001 - handed to the one who waits for it
                queued.error = error

    def _write(self, queued: Queued) -> None:
        with self._engine.connect() as connection:
            work = UnitOfWork(Immediate(connection), vault=self._vault, lock=True)
            value = finished(queued.unit(work))
            finished(work.events.write())
            finished(work.audit.write())
            try:
                connection.commit()
            except Exception:
                # Whatever state it is in, nobody uses it again.
                connection.invalidate()
                raise
            if self._left_behind:
                connection.invalidate()  # the pool that would close it is gone
        queued.value, queued.events = value, tuple(work.events.pending)

    def _answer(self, group: Sequence[Queued]) -> None:
        for queued in group:
            queued.tell_all(self._after_commit)


class Readers(_Threads):
    """Reads that wait together share one consistent view.

    The view begins after the last of them was asked for, so each sees what was committed before.
    """

    def __init__(
        self,
        engine: sa.Engine,
        count: int,
        in_our_words: InOurWords,
        vault: Vault | None,
        *,
        patience_s: float,
    ) -> None:
        super().__init__("database-reader", count, most=_READ_TOGETHER, patience_s=patience_s)
        # One snapshot for all statements: what a cursor of the event log covers is there.
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._in_our_words = in_our_words
        self._vault = vault

    def _process(self, group: Sequence[Queued]) -> None:
        read_together(self._engine, group, self._in_our_words, self._vault)
