"""What is deleted shall leave SQLite's log as well, and nobody shall wait for that."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil.storage.database import Database, engine
from tests.storage.records import ADA, SESSION, filled
from tests.support.clock import START


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with filled(tmp_path) as database:
        yield database


async def write(database: Database) -> None:
    async with database.begin() as work:
        await work.candidates.touch(ADA.id, last_frame_at=START, next_frame_ms=5000)


def can_be_emptied(database: Database) -> bool:
    with contextlib.closing(sqlite3.connect(database.engine.url.database or "")) as connection:
        connection.execute("PRAGMA busy_timeout=0")
        (busy, *_rest) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


async def test_nobody_waits_for_whoever_empties_the_log(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_WIPE_AGAIN_S", 0.01)
    monkeypatch.setattr(engine, "_WIPES", 10_000)
    async with database.read() as reading:
        assert await reading.sessions.get(SESSION.id)
        await write(database)  # what that view must not see keeps the log from being emptied
        wiping = asyncio.create_task(database.wipe())
        await asyncio.sleep(0.05)
        await write(database)
        assert not wiping.done()
    assert await wiping
    assert await asyncio.to_thread(os.path.getsize, f"{database.engine.url.database}-wal") == 0


async def test_the_log_that_is_read_for_too_long_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_WIPE_AGAIN_S", 0.01)
    async with database.read() as reading:
        assert await reading.sessions.get(SESSION.id)
        await write(database)
        assert not await database.wipe()


async def test_what_a_cancelled_statement_saw_does_not_keep_the_log(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_WIPE_AGAIN_S", 0.01)
    begun, may_end = threading.Event(), threading.Event()

    def hold() -> int:
        begun.set()
        may_end.wait(10)
        return 1

    async def read() -> None:
        async with database.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.create_function("hold", 0, hold)
            await connection.execute(sa.text("SELECT hold() FROM exam_session"))

    gc.disable()
    try:
        reading = asyncio.create_task(read())
        assert await asyncio.to_thread(begun.wait, 10)
        reading.cancel()
        may_end.set()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        await write(database)
        assert not await asyncio.to_thread(can_be_emptied, database)
        assert await database.wipe()
    finally:
        gc.enable()
