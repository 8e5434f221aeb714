"""Units of work on threads, before a real PostgreSQL: nobody waits for whom a lock keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from invigil.domain.errors import Unavailable
from invigil.domain.message import Event, EventKind
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.database.locks import Locks
from invigil.storage.database.postgres import WRITING_THREADS
from invigil.storage.database.side_by_side import Writers
from tests.storage.records import ADA, SESSION, fill
from tests.support.clock import START
from tests.support.postgres import Cluster


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
async def database(cluster: Cluster, migrated: str, told: list[Event]) -> AsyncIterator[Database]:
    url = cluster.create(template=migrated)
    database = Database(url, after_commit=told.extend)
    await fill(database)
    yield database
    await database.close()
    cluster.drop(url)


@asynccontextmanager
async def session_taken(database: Database) -> AsyncIterator[None]:
    """Whoever writes about the session waits."""
    async with database.engine.connect() as connection:
        await Locks(connection, needed=True).take_session(SESSION.id)
        yield
        await connection.rollback()


async def about_ada(work: UnitOfWork) -> str:
    await work.candidates.save(ADA)
    work.events.note(Event(SESSION.id, EventKind.CANDIDATE_CHANGED, ADA.id, START))
    return "saved"


async def about_nobody(_work: UnitOfWork) -> str:
    return "nothing to wait for"


async def cursor(work: UnitOfWork) -> int:
    return await work.events.cursor(SESSION.id)


def waiting_locks() -> sa.TextClause:
    return sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND database IS NOT NULL")


async def until_waiting(database: Database, count: int) -> None:
    async with asyncio.timeout(20), database.engine.connect() as connection:
        while await connection.scalar(waiting_locks()) != count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)


async def test_whoever_waits_for_a_lock_keeps_nobody_else(database: Database) -> None:
    async with session_taken(database):
        slow = [asyncio.create_task(database.write(about_ada)) for _ in range(WRITING_THREADS - 1)]
        await until_waiting(database, len(slow))
        assert await database.write(about_nobody) == "nothing to wait for"
        assert await database.fetch(cursor) == 0
        assert not any(task.done() for task in slow)
    assert await asyncio.gather(*slow) == ["saved"] * len(slow)
    assert await database.fetch(cursor) == len(slow)


async def test_events_are_told_once_they_are_safe(database: Database, told: list[Event]) -> None:
    async with session_taken(database):
        asked = asyncio.create_task(database.write(about_ada))
        await until_waiting(database, 1)
        assert told == []
    await asked
    assert [event.seq for event in told] == [1]


async def test_an_error_takes_back_what_was_written(database: Database, told: list[Event]) -> None:
    async def fails(work: UnitOfWork) -> str:
        await about_ada(work)
        raise ZeroDivisionError

    async def again(work: UnitOfWork) -> str:
        await work.sessions.add(SESSION)
        return "never"

    failed, broken, fine = await asyncio.gather(
        database.write(fails),
        database.write(again),
        database.write(about_ada),
        return_exceptions=True,
    )
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(broken, IntegrityError)
    assert fine == "saved"
    assert [event.seq for event in told] == [1]
    assert await database.fetch(cursor) == 1


async def test_a_statement_that_fails_spoils_no_other_read(database: Database) -> None:
    async def fails(work: UnitOfWork) -> int:
        await work.events._connection.execute(sa.text("SELECT 1 / 0"))
        return 0

    results = await asyncio.gather(
        *(database.fetch(unit) for _ in range(10) for unit in (cursor, fails)),
        return_exceptions=True,
    )
    assert results[::2] == [0] * 10
    assert all(isinstance(each, DBAPIError) for each in results[1::2])


async def test_reads_see_what_was_committed_before_them_and_write_nothing(
    database: Database,
) -> None:
    for number in range(1, 20):
        await database.write(about_ada)
        assert await asyncio.gather(*(database.fetch(cursor) for _ in range(8))) == [number] * 8
    assert await database.fetch(about_ada) == "saved"
    assert await database.fetch(cursor) == 19


async def test_a_unit_that_is_given_up_before_its_turn_never_runs(database: Database) -> None:
    async with session_taken(database):
        slow = [asyncio.create_task(database.write(about_ada)) for _ in range(WRITING_THREADS)]
        await until_waiting(database, len(slow))
        given_up = asyncio.create_task(database.write(about_ada))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
    await asyncio.gather(*slow)
    assert await database.fetch(cursor) == len(slow)


async def test_who_finds_no_thread_in_time_hears_that_the_database_is_away(
    database: Database,
) -> None:
    """As when it hangs: pages come again, and what they sent was not stored."""
    engine = sa.create_engine(database.engine.url, isolation_level="READ COMMITTED")
    two = Writers(engine, 2, None, lambda error: error, None, patience_s=0.2)
    async with session_taken(database):
        slow = [asyncio.create_task(two.run(about_ada)) for _ in range(2)]
        await until_waiting(database, len(slow))
        late: Sequence[object] = await asyncio.gather(
            *(two.run(about_ada) for _ in range(3)), return_exceptions=True
        )
        assert [type(each) for each in late] == [Unavailable] * 3
    assert await asyncio.gather(*slow) == ["saved"] * 2
    await two.close()
    engine.dispose()
    assert await database.fetch(cursor) == 2


async def test_closing_finishes_what_was_asked_and_waits_for_nobody_who_hangs(
    database: Database,
) -> None:
    other = Database(database.url)
    asked = [asyncio.create_task(other.write(about_ada)) for _ in range(20)]
    await asyncio.sleep(0)
    await other.close()
    assert await asyncio.gather(*asked) == ["saved"] * 20

    another = Database(database.url)
    async with session_taken(database):
        hangs = asyncio.create_task(another.write(about_ada))
        await until_waiting(database, 1)
        await another.close()
        assert not hangs.done()
    assert await hangs == "saved"
