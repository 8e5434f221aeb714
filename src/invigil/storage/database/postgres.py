"""What is particular to PostgreSQL: how it is reached, what it must promise, who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
import sqlalchemy as sa
import structlog
from sqlalchemy import event as sa_event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from invigil.domain.errors import StorageMisconfigured

log = structlog.get_logger(__name__)

_Connection = psycopg.AsyncConnection[Any]

OLDEST = 15
"""Oldest major version that is tested."""

CONNECT_TIMEOUT_S = 3
POOL_SIZE = 12
"""Connections of the event loop: for what is not done by hundreds at once."""

WRITING_THREADS = 8
READING_THREADS = 4
MOST_CONNECTIONS = POOL_SIZE + WRITING_THREADS + READING_THREADS

POOL_TIMEOUT_S = 10.0
"""How long a request waits for a free connection before it is asked to come again."""

STATEMENT_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_MS = 30_000
"""A transaction that nobody goes on with is ended, so that its locks do not outlive its owner."""

DEAD_PEER_MS = 5_000
"""A server that was cut off without a word (power, firewall) is given up after this long."""

MIGRATION_LOCK = 0x494E5649
"""Key of the advisory lock ("INVI") that lets one of several starting processes migrate."""

_SERVER_SETTINGS = (
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"
    f" -c lock_timeout={LOCK_TIMEOUT_MS}"
    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}"
)


class Connector:
    """Opens connections, and sees each of them through.

    One that is given up half way is not closed by the driver until its memory is. PostgreSQL waits
    a minute for the rest of its greeting, and drops no database meanwhile.
    """

    def __init__(self) -> None:
        self._given_up: set[asyncio.Task[_Connection]] = set()

    async def __call__(self, *args: Any, **kwargs: Any) -> _Connection:
        opening = asyncio.create_task(psycopg.AsyncConnection.connect(*args, **kwargs))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._given_up.add(opening)
            opening.add_done_callback(self._end)
            raise

    async def close(self) -> None:
        """Wait for those that were given up; each takes `CONNECT_TIMEOUT_S` at most."""
        if self._given_up:
            await asyncio.wait(self._given_up)

    def _end(self, opening: asyncio.Task[_Connection]) -> None:
        self._given_up.discard(opening)
        if not opening.cancelled() and opening.exception() is None:
            opening.result().pgconn.finish()


def create_engine(url: URL, connector: Connector) -> AsyncEngine:
    """An engine whose waits all end: connecting, waiting for a connection, a lock, a statement.

    What the URL's own query says about one of these wins.
    """
    engine = create_async_engine(
        url,
        **_pool(POOL_SIZE),
        connect_args=_connect_args(url.query) | {"async_creator_fn": connector},
    )
    sa_event.listen(engine.sync_engine, "handle_error", _forget_values)
    return engine


def create_thread_engine(url: URL) -> sa.Engine:
    """The same for the threads, each of which has a connection."""
    engine = sa.create_engine(
        url,
        **_pool(WRITING_THREADS + READING_THREADS),
        connect_args=_connect_args(url.query),
    )
    sa_event.listen(engine, "handle_error", _forget_values)
    return engine


def _pool(size: int) -> dict[str, Any]:
    return {
        "hide_parameters": True,
        # After a restart of the database the pool is full of dead connections: each is asked
        # first, and replaced, so that no request fails for it.
        "pool_pre_ping": True,
        # All are kept: what is over the size would be connected and closed again for each use.
        "pool_size": size,
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT_S,
        "isolation_level": "READ COMMITTED",
    }


def _forget_values(context: sa.ExceptionContext) -> None:
    # The details of PostgreSQL repeat the row: names and hashes, which would go into a log.
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        told = what_failed(error)
        error.args = (told,)
        if wrapped is not None:
            wrapped.args = (f"({type(error).__name__}) {told}",)


def what_failed(error: psycopg.Error) -> str:
    """What PostgreSQL says first, with table and constraint, and without the row's contents."""
    diag = error.diag
    names = {"table": diag.table_name, "constraint": diag.constraint_name}
    told = ", ".join(f"{kind} {name}" for kind, name in names.items() if name)
    words = diag.message_primary or type(error).__name__
    return f"{words} ({told})" if told else words


def _connect_args(query: Mapping[str, Any]) -> dict[str, Any]:
    args: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": DEAD_PEER_MS,
        "application_name": "invigil",
    }
    args = {name: value for name, value in args.items() if name not in query}
    # The later of two settings of one name wins.
    args["options"] = f"{_SERVER_SETTINGS} {query.get('options', '')}".strip()
    return args


async def check(connection: AsyncConnection) -> None:
    """Assert what durability depends on. Raises `StorageMisconfigured`."""
    names = (
        "server_version_num",
        "server_version",
        "synchronous_commit",
        "transaction_read_only",
    )
    found = {name: str(await connection.scalar(sa.text(f"SHOW {name}"))) for name in names}
    if int(found["server_version_num"]) // 10_000 < OLDEST:
        raise StorageMisconfigured(
            f"This is PostgreSQL {found['server_version']}; version {OLDEST} or newer is needed.",
            fix="Name a newer server in INVIGIL_DATABASE_URL.",
        )
    if found["transaction_read_only"] == "on":
        raise StorageMisconfigured(
            "PostgreSQL is read-only, as a standby is.",
            fix="Name the primary server in INVIGIL_DATABASE_URL, or end the read-only mode.",
        )
    if found["synchronous_commit"] == "off":
        raise StorageMisconfigured(
            "PostgreSQL is set to synchronous_commit=off: it would lose what was acknowledged.",
            fix="Run ALTER ROLE <the role of Invigil> SET synchronous_commit = on.",
        )


async def warn(connection: AsyncConnection) -> None:
    """Say what is the administrator's choice and still unwise."""
    if await connection.scalar(sa.text("SHOW fsync")) == "off":
        log.warning("PostgreSQL runs with fsync=off: a power cut can destroy its data")


async def lock_migrations(connection: AsyncConnection) -> None:
    """Wait until no other process migrates; the lock goes with the transaction."""
    # Migrating many rows may take longer than any request may, and so may waiting for it.
    await connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
    await connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))


def cannot_work(error: DBAPIError) -> bool:
    """Whether the server refuses all such work for now: it is read-only (a standby), someone
    intervenes, or it is broken."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in {"25", "57", "XX"}


def cannot_hold(error: DBAPIError) -> bool:
    """Whether a value was refused that no row can have: a text with a zero byte, as an address
    with `%00` has it. Whatever is stored is checked for such before."""
    return isinstance(error.orig, psycopg.DataError) and error.orig.sqlstate is None


def why_unreachable(error: DBAPIError) -> StorageMisconfigured:
    """Words for an error of the first connection, without any secret of the URL."""
    lines = [line.strip() for line in str(error.orig).splitlines()]
    # Of several addresses each has its line; the last is as good as any. Questions help nobody.
    told = [line for line in lines if line and not line.endswith("?")]
    reason = told[-1].rstrip(".") if told else type(error.orig).__name__
    fix = "Start PostgreSQL, and check host and port in INVIGIL_DATABASE_URL (or DB_HOST)."
    if "does not exist" in reason and "database" in reason:
        fix = "Create it (createdb), or name another one in INVIGIL_DATABASE_URL (or DB_NAME)."
    elif "authentication" in reason or "role" in reason or "password" in reason:
        fix = "Check user and password in INVIGIL_DATABASE_URL (or DB_USER and DB_PASSWORD)."
    elif "read-only" in reason:
        fix = "Name the primary server in INVIGIL_DATABASE_URL, or end the read-only mode."
    elif "permission denied" in reason:
        fix = "Make the role of INVIGIL_DATABASE_URL (or DB_USER) the owner of the database."
    return StorageMisconfigured(f"PostgreSQL cannot be used: {reason}.", fix=fix)
