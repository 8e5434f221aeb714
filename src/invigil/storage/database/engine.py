"""Connections. SQLite is opened so that an acknowledged write survives a power cut."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from invigil.domain.errors import NotFound, StorageFull, StorageMisconfigured, Unavailable
from invigil.domain.message import Event
from invigil.storage.database import postgres
from invigil.storage.database.group_commit import Reader, Unit, Writer
from invigil.storage.database.side_by_side import Readers, Writers
from invigil.storage.database.unit_of_work import UnitOfWork
from invigil.storage.sealing import Vault

AfterCommit = Callable[[Sequence[Event]], None]
_T = TypeVar("_T")

_PATIENCE_MS = 5000
_SQLITE_PRAGMAS = (
    # Patience first: the others can meet another process that starts at the same time.
    f"PRAGMA busy_timeout={_PATIENCE_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # What is deleted is overwritten with zeros in the file, and not only forgotten.
    "PRAGMA secure_delete=ON",
)

_SQLITE_CONNECTIONS = 15

_WIPES, _WIPE_AGAIN_S = 15, 1.0


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


def postgres_url(host: str, port: int, name: str, *, user: str, password: str | None) -> str:
    """The URL of a PostgreSQL database; what is special in a URL is escaped."""
    url = URL.create(
        "postgresql+psycopg", username=user, password=password, host=host, port=port, database=name
    )
    return url.render_as_string(hide_password=False)


def parse_url(url: str) -> URL:
    """With the driver that we use, however the URL names it. Raises `StorageMisconfigured`."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise StorageMisconfigured(
            "INVIGIL_DATABASE_URL is no URL of a database.",
            fix="Write postgresql://user:password@host:5432/name; characters such as @ and / "
            "within the password as %40 and %2F.",
        ) from error
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise StorageMisconfigured(
            "INVIGIL_DATABASE_URL names no file.", fix="Write sqlite:////path/to/invigil.db."
        )
    drivers = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    return parsed.set(drivername=drivers.get(backend, "sqlite+aiosqlite"))


class Database:
    """The one owner of connections.

    `after_commit` hears the events of each transaction once they are safe, and never before.
    `vault`: opens and seals templates and keys; None where nobody asks for them.
    """

    def __init__(
        self,
        url: str,
        after_commit: AfterCommit | None = None,
        *,
        vault: Vault | None = None,
    ) -> None:
        self.url = url
        self.vault = vault
        self._after_commit = after_commit
        self._connector = postgres.Connector()
        self.engine = _create_engine(parse_url(url), self._connector)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        # SQLite has one writer at a time. Waiting here is fair and needs no retries; waiting in
        # SQLite is a busy loop that can starve one of many.
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self._units = (
            _Together(self.engine.url, self._writer, after_commit, vault)
            if self._writer
            else _SideBySide(self.engine.url, after_commit, vault)
        )

    async def check(self) -> None:
        """Assert the settings that durability depends on.

        Raises `RuntimeError` or `StorageMisconfigured`; `Unavailable` when nothing answers.
        """
        if not self.is_sqlite:
            async with _wrapped_errors(), self.engine.connect() as connection:
                await postgres.check(connection)
            return
        async with self.engine.connect() as connection:
            found = {
                name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        if found != {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}:
            msg = (
                f"SQLite did not accept its safety settings: {found}. "
                "Is the data folder on a network drive?"
            )
            raise RuntimeError(msg)

    async def warn(self) -> None:
        """Log what is unwise about the database, once at the start."""
        if not self.is_sqlite:
            async with _wrapped_errors(), self.engine.connect() as connection:
                await postgres.warn(connection)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """One transaction that may write: commits at the end, rolls back on an error."""
        if self._writer is None:
            async with self._transaction() as work:
                yield work
            return
        async with self._writer, self._transaction() as work:
            yield work

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        """A consistent view for reading. Whatever was written in it is rolled back."""
        async with _wrapped_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:
                # One snapshot for all statements: what a cursor of the event log covers is there.
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield UnitOfWork(connection, vault=self.vault)
            await _ended(connection, connection.rollback())

    async def write(self, unit: Unit[_T]) -> _T:
        """Run `unit` in a transaction that it may share with others, and give its result.

        For what many do at once. The unit awaits nothing but its own statements, and runs on
        another thread. Its error takes back its own writes only; a group that cannot be committed
        raises in all of them.
        """
        return await self._units.writer.run(unit)

    async def fetch(self, unit: Unit[_T]) -> _T:
        """Run `unit`, which only reads, as `write` does."""
        return await self._units.reader.run(unit)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """One moment of the whole database, for as long as reading it takes."""
        async with _wrapped_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ")
                await connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            yield connection
            await connection.rollback()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[UnitOfWork]:
        async with _wrapped_errors(), self._write_connection() as connection:
            work = UnitOfWork(connection, vault=self.vault, lock=not self.is_sqlite)
            yield work
            await work.events.write()
            await work.audit.write()
            await _ended(connection, connection.commit())
        if self._after_commit is not None and work.events.pending:
            self._after_commit(work.events.pending)

    @asynccontextmanager
    async def _write_connection(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            if self.is_sqlite:
                # Taking the write lock first: a read that later turns into a write can fail.
                await connection.execution_options(invigil_write=True)
            yield connection

    async def wipe(self) -> bool:
        """Make what was deleted unreadable in the files as well, as far as that is ours to do.

        SQLite keeps pages as they were before in its log until that is written back. False when
        somebody read for so long that it could not be.
        """
        if not self.is_sqlite:
            return True
        for attempt in range(_WIPES):
            if attempt:
                # A statement that was cancelled may be held in memory, and its view with it.
                gc.collect()
                await asyncio.sleep(_WIPE_AGAIN_S)
            if await self._emptied():
                return True
        return False

    async def _emptied(self) -> bool:
        """Try to empty SQLite's log, and wait for nobody: whoever waits here keeps all others from
        writing meanwhile, however long somebody reads."""
        async with _wrapped_errors(), self.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            try:
                await _said(raw, "PRAGMA busy_timeout=0")
                busy, *_rest = await _said(raw, "PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await _said(raw, f"PRAGMA busy_timeout={_PATIENCE_MS}")
        return not busy

    async def close(self) -> None:
        await self._units.close()
        await self._connector.close()
        await self.engine.dispose()


async def _said(raw: Any, pragma: str) -> Sequence[Any]:
    """The first row of the answer. `raw`: of aiosqlite, outside of any transaction."""
    async with raw.execute(pragma) as cursor:
        row: Sequence[Any] = await cursor.fetchone()
    return row


class _SideBySide:
    """The threads on which units of work wait for PostgreSQL."""

    def __init__(self, url: URL, after_commit: AfterCommit | None, vault: Vault | None) -> None:
        self._engine = postgres.create_thread_engine(url)
        patience_s = postgres.POOL_TIMEOUT_S
        self.writer = Writers(
            self._engine,
            postgres.WRITING_THREADS,
            after_commit,
            _in_our_words,
            vault,
            patience_s=patience_s,
        )
        self.reader = Readers(
            self._engine, postgres.READING_THREADS, _in_our_words, vault, patience_s=patience_s
        )

    async def close(self) -> None:
        await self.writer.close()
        await self.reader.close()
        self._engine.dispose()


class _Together:
    """The threads of a SQLite file on which units of work share transactions."""

    def __init__(
        self,
        url: URL,
        turn: asyncio.Lock,
        after_commit: AfterCommit | None,
        vault: Vault | None,
    ) -> None:
        self._engine = sa.create_engine(url.set(drivername="sqlite"), hide_parameters=True)
        sa_event.listen(self._engine, "connect", _on_sqlite_connect)
        sa_event.listen(self._engine, "begin", _on_sqlite_begin)
        writing = self._engine.execution_options(invigil_write=True)
        self.writer = Writer(writing, lambda: turn, after_commit, _in_our_words, vault)
        self.reader = Reader(self._engine, _in_our_words, vault)

    async def close(self) -> None:
        await self.writer.close()
        await self.reader.close()
        self._engine.dispose()


async def _ended(connection: AsyncConnection, ending: Awaitable[None]) -> None:
    """Wait for a commit or rollback. When it fails nobody uses the connection again: its
    transaction may still be open, and on SQLite hold the one write lock."""
    try:
        await ending
    except BaseException:
        await connection.invalidate()
        raise


@asynccontextmanager
async def _wrapped_errors() -> AsyncIterator[None]:
    """Turn what drivers raise when the disk is full or the server is gone into our own words."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable from error
    except DBAPIError as error:
        plain = _in_our_words(error)
        if plain is error:
            raise
        raise plain from error


def _in_our_words(error: DBAPIError) -> Exception:
    """What callers know of; the error itself when it is a defect of ours."""
    if _is_full(error):
        return StorageFull()
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return Unavailable()
    if postgres.cannot_work(error):
        return Unavailable()
    if postgres.cannot_hold(error):
        return NotFound()
    return error


def _is_full(error: DBAPIError) -> bool:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # The driver's own complaints have no such name.
        name = getattr(cause, "sqlite_errorname", None)
        return name in {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}
    return getattr(cause, "sqlstate", None) == "53100"


def _create_engine(url: URL, connector: postgres.Connector) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return postgres.create_engine(url, connector)
    # All of them stay open: each has a thread, and pages that come together would make and end
    # hundreds.
    engine = create_async_engine(
        url, hide_parameters=True, pool_size=_SQLITE_CONNECTIONS, max_overflow=0
    )
    sa_event.listen(engine.sync_engine, "connect", _on_sqlite_connect)
    sa_event.listen(engine.sync_engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    # We say BEGIN ourselves: the driver would start transactions late, and never for reads.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _on_sqlite_begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("invigil_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
