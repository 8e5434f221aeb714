"""Units of work that share a transaction: each keeps its promises as if it were alone."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import Pool

from invigil.domain.errors import StorageFull
from invigil.domain.message import Event, EventKind
from invigil.domain.secrets import new_id
from invigil.domain.session import ExamSession
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.database.engine import sqlite_url
from invigil.storage.database.migrate import upgrade
from tests.support import dying_writer
from tests.support.clock import START

SESSION = ExamSession(new_id(), "Algebra", 5, 30, None, START)
Write = Callable[[UnitOfWork], Coroutine[Any, Any, str]]


class Heard:
    def __init__(self) -> None:
        self.seqs: list[int] = []

    def __call__(self, events: Sequence[Event]) -> None:
        self.seqs += [event.seq for event in events]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def database(tmp_path: Path, heard: Heard) -> AsyncIterator[Database]:
    database = Database(sqlite_url(tmp_path / "invigil.db"), after_commit=heard)
    await upgrade(database)
    async with database.begin() as work:
        await work.sessions.add(SESSION)
    yield database
    await database.close()


@pytest.fixture
def commits() -> list[None]:
    """Grows with every commit of any SQLite engine while the test runs."""
    return []


@pytest.fixture(autouse=True)
def _count(commits: list[None]) -> Iterator[None]:
    def note(_connection: object) -> None:
        commits.append(None)

    sa.event.listen(sa.Engine, "commit", note)
    yield
    sa.event.remove(sa.Engine, "commit", note)


def noting(ref: str, error: type[Exception] | None = None) -> Write:
    """A unit that writes one event, and then fails where it is told to."""

    async def unit(work: UnitOfWork) -> str:
        work.events.note(Event(SESSION.id, EventKind.CANDIDATE_CHANGED, ref, START))
        if error is not None:
            raise error(ref)
        return ref

    return unit


async def stored(database: Database) -> list[tuple[int, str]]:
    """Number and reference of all events."""
    async with database.read() as work:
        events = await work.events.since(SESSION.id, 0, None, 10_000)
    return [(event.seq, event.ref) for event in events]


async def test_units_that_wait_together_are_committed_together(
    database: Database, commits: list[None], heard: Heard
) -> None:
    commits.clear()
    refs = [str(number) for number in range(50)]
    assert await asyncio.gather(*(database.write(noting(ref)) for ref in refs)) == refs
    assert len(commits) <= 2
    assert await stored(database) == list(enumerate(refs, start=1))
    assert heard.seqs == list(range(1, 51))


async def test_nothing_is_answered_or_told_before_the_commit(
    database: Database, heard: Heard
) -> None:
    held, reached = threading.Event(), threading.Event()

    def wait(_connection: object) -> None:
        reached.set()
        held.wait(20)

    sa.event.listen(sa.Engine, "commit", wait)
    try:
        asked = [asyncio.create_task(database.write(noting(str(n)))) for n in range(3)]
        await asyncio.to_thread(reached.wait, 20)
        assert not any(task.done() for task in asked)
        assert heard.seqs == []
        assert await stored(database) == []
    finally:
        held.set()
        await asyncio.gather(*asked)
        sa.event.remove(sa.Engine, "commit", wait)
    assert heard.seqs == [1, 2, 3]


@pytest.mark.parametrize("seed", range(12))
async def test_whoever_fails_takes_back_only_its_own(
    database: Database, heard: Heard, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a shuffle
    fails = [chance.random() < 0.4 for _ in range(40)]
    asked = [
        asyncio.create_task(database.write(noting(str(n), ZeroDivisionError if bad else None)))
        for n, bad in enumerate(fails)
    ]
    gone = {n for n in range(40) if chance.random() < 0.2}
    for n in gone:
        asked[n].cancel()
    results = await asyncio.gather(*asked, return_exceptions=True)
    for n, (bad, result) in enumerate(zip(fails, results, strict=True)):
        if n in gone:
            assert isinstance(result, asyncio.CancelledError)
        elif bad:
            assert isinstance(result, ZeroDivisionError)
        else:
            assert result == str(n)
    kept = [str(n) for n, bad in enumerate(fails) if not bad and n not in gone]
    assert await stored(database) == list(enumerate(kept, start=1))
    assert heard.seqs == list(range(1, len(kept) + 1))


async def test_a_constraint_that_one_breaks_is_its_own_affair(database: Database) -> None:
    async def again(work: UnitOfWork) -> str:
        await work.sessions.add(SESSION)
        return "never"

    first, broken, last = await asyncio.gather(
        database.write(noting("a")),
        database.write(again),
        database.write(noting("b")),
        return_exceptions=True,
    )
    assert isinstance(broken, IntegrityError)
    assert (first, last) == ("a", "b")
    assert [ref for _, ref in await stored(database)] == ["a", "b"]


async def test_a_unit_may_wait_for_nothing_but_its_statements(database: Database) -> None:
    async def sleepy(work: UnitOfWork) -> str:
        await noting("sleepy")(work)
        await asyncio.sleep(0)
        return "never"

    refused, fine = await asyncio.gather(
        database.write(sleepy), database.write(noting("fine")), return_exceptions=True
    )
    assert isinstance(refused, RuntimeError)
    assert fine == "fine"
    assert [ref for _, ref in await stored(database)] == ["fine"]


async def test_one_that_is_cancelled_while_it_is_committed_harms_nobody(
    database: Database,
) -> None:
    reached = threading.Event()

    async def slow(work: UnitOfWork) -> str:
        reached.set()
        return await noting("slow")(work)

    asked = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(reached.wait, 20)
    asked.cancel()
    assert await database.write(noting("next")) == "next"
    # It was on its way: stored or not, but never half of it.
    assert [ref for _, ref in await stored(database)] in (["slow", "next"], ["next"])


async def test_when_everything_is_cancelled_the_last_words_are_still_written(
    database: Database,
) -> None:
    """As `asyncio.run` ends: all at once, and then whoever has something to put in order does."""
    reached, go_on = threading.Event(), threading.Event()

    async def slow(work: UnitOfWork) -> str:
        reached.set()
        go_on.wait(20)
        return await noting("slow")(work)

    async def puts_in_order() -> str:
        try:
            return await database.write(slow)
        except asyncio.CancelledError:
            asyncio.get_running_loop().call_later(0.05, go_on.set)
            return await database.write(noting("last words"))

    me = asyncio.current_task()
    before = asyncio.all_tasks()
    asked = asyncio.create_task(puts_in_order())
    await asyncio.to_thread(reached.wait, 20)
    for task in asyncio.all_tasks() - before | {asked}:
        assert task is not me
        task.cancel()
    async with asyncio.timeout(20):
        assert await asked == "last words"
    assert "last words" in [ref for _, ref in await stored(database)]


async def test_other_writers_and_groups_take_turns(database: Database) -> None:
    async def alone(ref: str) -> None:
        async with database.begin() as work:
            await noting(ref)(work)
            await asyncio.sleep(0)

    both = [w for n in range(20) for w in (database.write(noting(f"{n}")), alone(f"alone {n}"))]
    await asyncio.gather(*both)
    assert [seq for seq, _ in await stored(database)] == list(range(1, 41))


async def test_a_full_disk_is_said_to_everybody_and_leaves_nothing(database: Database) -> None:
    """SQLite gives up the whole transaction then: nobody hears that it was stored."""

    def limit(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}").close()

    async def large(work: UnitOfWork) -> str:
        return await noting("x" * 1_000_000)(work)

    async with database.engine.connect() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
    sa.event.listen(Pool, "checkout", limit)
    try:
        results = await asyncio.gather(
            *(database.write(large) for _ in range(5)), return_exceptions=True
        )
    finally:
        sa.event.remove(Pool, "checkout", limit)
    assert all(isinstance(result, StorageFull) for result in results)
    assert await stored(database) == []
    pages = 1 << 30
    sa.event.listen(Pool, "checkout", limit)
    try:
        assert await database.write(noting("room again")) == "room again"
    finally:
        sa.event.remove(Pool, "checkout", limit)


async def test_a_commit_that_fails_is_no_acknowledgement(database: Database, heard: Heard) -> None:
    def fail(_connection: object) -> None:
        raise OSError("the disk is gone")

    sa.event.listen(sa.Engine, "commit", fail)
    try:
        results = await asyncio.gather(
            *(database.write(noting(str(n))) for n in range(3)), return_exceptions=True
        )
    finally:
        sa.event.remove(sa.Engine, "commit", fail)
    assert all(isinstance(result, OSError) for result in results)
    assert heard.seqs == []
    assert await stored(database) == []
    assert await database.write(noting("next")) == "next"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_around_the_commit_loses_nothing_acknowledged(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "invigil.db"
    command = [sys.executable, str(Path(dying_writer.__file__)), str(path), moment]
    died = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL, died.stderr
    acknowledged = set(died.stdout.split())
    assert acknowledged == {f"first-{n}" for n in range(10)}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = {row[0] for row in connection.execute("SELECT ref FROM event")}
    second = {f"second-{n}" for n in range(10)}
    assert kept == (acknowledged if moment == "before" else acknowledged | second)


async def test_reads_see_what_was_committed_before_them(database: Database) -> None:
    async def newest(work: UnitOfWork) -> int:
        return await work.events.cursor(SESSION.id)

    for n in range(1, 20):
        await database.write(noting(str(n)))
        assert await asyncio.gather(*(database.fetch(newest) for _ in range(3))) == [n] * 3


async def test_a_read_that_fails_harms_no_other_and_nothing_is_written(database: Database) -> None:
    async def fail(work: UnitOfWork) -> int:
        raise ZeroDivisionError

    failed, wrote, read = await asyncio.gather(
        database.fetch(fail),
        database.fetch(noting("written in a read")),
        database.fetch(lambda work: work.events.cursor(SESSION.id)),
        return_exceptions=True,
    )
    assert isinstance(failed, ZeroDivisionError)
    assert wrote == "written in a read"
    assert isinstance(read, int)
    assert await stored(database) == []


async def test_closing_finishes_what_was_asked(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "other.db"))
    await upgrade(database)
    async with database.begin() as work:
        await work.sessions.add(SESSION)
    asked = [asyncio.create_task(database.write(noting(str(n)))) for n in range(5)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*asked) == [str(n) for n in range(5)]
