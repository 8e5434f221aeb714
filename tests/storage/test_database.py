"""The database: what it promises, and what it refuses."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from invigil.domain.errors import StorageMisconfigured, Unavailable
from invigil.domain.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    ObservationRecord,
)
from invigil.domain.message import Event, EventKind
from invigil.domain.observation import Box, Face, Identity, Observation, Unusable
from invigil.domain.secrets import new_id
from invigil.storage.database import Database
from invigil.storage.database import tables as t
from invigil.storage.database.engine import sqlite_url
from invigil.storage.database.migrate import differences, upgrade
from tests.storage.records import ADA, SESSION, fill
from tests.support.clock import START
from tests.support.databases import Dialect
from tests.support.postgres import Cluster


class Heard:
    """What the feed was told, in order."""

    def __init__(self) -> None:
        self.seqs: list[int] = []

    def __call__(self, events: Sequence[Event]) -> None:
        self.seqs += [event.seq for event in events]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def url(tmp_path: Path, dialect: Dialect) -> str:
    return dialect.url(tmp_path) or sqlite_url(tmp_path / "invigil.db")


@pytest.fixture
async def database(url: str, heard: Heard) -> AsyncIterator[Database]:
    database = Database(url, after_commit=heard)
    await fill(database)
    yield database
    await database.close()


def _incident(kind: IncidentKind = IncidentKind.NO_FACE) -> Incident:
    return Incident(
        new_id(), SESSION.id, ADA.id, kind, IncidentState.OPEN, START, None, updated_at=START
    )


def _event() -> Event:
    return Event(SESSION.id, EventKind.CANDIDATE_CHANGED, ADA.id, START)


async def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    assert await differences(database) == []


def _schema(connection: sa.Connection) -> dict[str, object]:
    """Tables, columns, keys and indexes, in words that both databases share."""
    look = sa.inspect(connection)
    found: dict[str, object] = {}
    for table in sorted(look.get_table_names()):
        foreign = look.get_foreign_keys(table)
        found[table] = {
            "columns": [
                (c["name"], _type(c["type"]), c["nullable"], bool(c["default"]))
                for c in look.get_columns(table)
            ],
            "primary": look.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (f["constrained_columns"], f["referred_table"], f["options"]["ondelete"])
                for f in foreign
            ),
            "unique": sorted(u["column_names"] for u in look.get_unique_constraints(table)),
            "indexes": sorted(
                (str(i["name"]), i["column_names"], bool(i["unique"]), _where(i))
                for i in look.get_indexes(table)
                if "duplicates_constraint" not in i
            ),
        }
    return found


def _type(kind: sa.types.TypeEngine[object]) -> str:
    shared = (sa.BigInteger, sa.Integer, sa.Float, sa.Boolean, sa.DateTime, sa.JSON, sa.LargeBinary)
    name = next((each.__name__ for each in shared if isinstance(kind, each)), None)
    return name or f"text of {getattr(kind, 'length', None)}"


def _where(index: Mapping[str, object]) -> bool:
    options = index.get("dialect_options", {})
    assert isinstance(options, dict)
    return any("state" in str(value) for value in options.values())


@pytest.mark.sqlite_only
async def test_the_schema_is_the_same_on_both_databases(
    tmp_path: Path, cluster: Cluster, database: Database
) -> None:
    other = Database(cluster.create())
    await upgrade(other)
    async with database.engine.connect() as left, other.engine.connect() as right:
        sqlite, postgresql = await left.run_sync(_schema), await right.run_sync(_schema)
    await other.close()
    cluster.drop(other.url)
    assert sqlite == postgresql
    assert len(sqlite) == len(t.metadata.tables) + 1  # Alembic's own


async def test_a_missing_column_is_a_difference(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE candidate DROP COLUMN note"))
    assert await differences(database) != []


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await upgrade(database)
    async with database.read() as work:
        assert await work.sessions.get(SESSION.id) == SESSION


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "pragma", ["journal_mode=DELETE", "synchronous=NORMAL", "foreign_keys=OFF"]
)
async def test_check_refuses_unsafe_settings(database: Database, pragma: str) -> None:
    await database.check()

    @sa.event.listens_for(database.engine.sync_engine, "checkout")
    def spoil(connection: object, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    with pytest.raises(RuntimeError, match="safety settings"):
        await database.check()


@pytest.mark.sqlite_only
async def test_every_connection_of_the_pool_has_the_settings(database: Database) -> None:
    async def values() -> tuple[object, ...]:
        async with database.engine.connect() as connection:
            await asyncio.sleep(0)
            names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            return tuple(
                [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]
            )

    found = await asyncio.gather(*(values() for _ in range(8)))
    assert set(found) == {("wal", 2, 1, 5000)}


async def test_a_second_open_incident_of_a_kind_is_refused_by_the_database(
    database: Database,
) -> None:
    first = _incident()
    async with database.begin() as work:
        await work.incidents.add(first)
        await work.incidents.add(_incident(IncidentKind.MULTIPLE_FACES))
    with pytest.raises(IntegrityError):
        async with database.begin() as work:
            await work.incidents.add(_incident())
    async with database.begin() as work:
        closed = replace(first, state=IncidentState.CLOSED, ended_at=START)
        await work.incidents.save(closed)
        await work.incidents.add(_incident())


async def test_rows_of_somebody_unknown_are_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.begin() as work:
            await work.incidents.add(replace(_incident(), candidate_id=new_id()))


async def test_what_goes_wrong_repeats_nothing_of_the_row(database: Database) -> None:
    twin = replace(ADA, id=new_id(), name="Canary Bird")
    with pytest.raises(IntegrityError) as refused:
        async with database.begin() as work:
            await work.candidates.add(twin)
    told = "".join(traceback.format_exception(refused.value))
    assert "candidate" in told
    assert twin.name not in told
    assert twin.token_hash not in told


async def test_concurrent_writers_number_events_without_gaps(
    database: Database, heard: Heard
) -> None:
    async def write() -> None:
        async with database.begin() as work:
            work.events.note(_event())
            await asyncio.sleep(0)
            work.events.note(_event())

    await asyncio.gather(*(write() for _ in range(40)))
    async with database.read() as work:
        seqs = [event.seq for event in await work.events.since(SESSION.id, 0, None, 1000)]
        assert await work.events.cursor(SESSION.id) == 80
    assert seqs == list(range(1, 81))
    if database.is_sqlite:
        assert heard.seqs == seqs
    else:
        # Of two transactions that are both committed, either may say so first: what is heard only
        # wakes those who then read the log, which has its order.
        assert sorted(heard.seqs) == seqs


async def test_two_processes_number_events_without_gaps(database: Database) -> None:
    """Each `Database` has its own lock, as each process has: the database keeps them in order."""
    other = Database(database.url)

    async def write(where: Database) -> None:
        async with where.begin() as work:
            work.events.note(_event())

    await asyncio.gather(*(write(where) for _ in range(20) for where in (database, other)))
    await other.close()
    async with database.read() as work:
        seqs = [event.seq for event in await work.events.since(SESSION.id, 0, None, 1000)]
    assert seqs == list(range(1, 41))


async def test_the_feed_hears_of_events_after_the_commit_only(url: str) -> None:
    seen: list[int] = []
    reader = sa.create_engine(url.replace("+aiosqlite", ""))

    def look(events: Sequence[Event]) -> None:
        with reader.connect() as connection:
            known = connection.execute(sa.select(t.event.c.seq)).scalars().all()
        assert {event.seq for event in events} <= set(known)
        seen.extend(event.seq for event in events)

    database = Database(url, after_commit=look)
    await upgrade(database)
    async with database.begin() as work:
        await work.sessions.add(SESSION)
        await work.candidates.add(ADA)
        work.events.note(_event())
        assert seen == []
    assert seen == [1]
    await database.close()
    reader.dispose()


async def test_a_rollback_tells_nobody_and_uses_up_no_number(
    database: Database, heard: Heard
) -> None:
    async def fail() -> None:
        async with database.begin() as work:
            work.events.note(_event())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert heard.seqs == []
    async with database.begin() as work:
        work.events.note(_event())
    assert heard.seqs == [1]


async def test_news_of_several_sessions_is_numbered_in_each(
    database: Database,
) -> None:
    other = replace(SESSION, id=new_id())
    async with database.begin() as work:
        await work.sessions.add(other)
    async with database.begin() as work:
        for session_id in (other.id, SESSION.id, other.id):
            work.events.note(replace(_event(), session_id=session_id))
    async with database.read() as work:
        for session_id, count in ((other.id, 2), (SESSION.id, 1)):
            found = await work.events.since(session_id, 0, None, 10)
            assert [event.seq for event in found] == list(range(1, count + 1))


async def test_the_rules_read_back_what_was_seen(database: Database) -> None:
    box = Box(10.0, 20.0, 100.0, 120.0)
    seen = Observation(
        width=640,
        height=480,
        brightness=120.0,
        sharpness=25.0,
        faces=(Face(box, 0.9),),
        main=0,
        unusable=None,
        identity=Identity.UNCERTAIN,
        fingerprint=b"f" * 32,
        clear=True,
    )
    dark = replace(
        seen,
        faces=(),
        main=None,
        unusable=Unusable.TOO_DARK,
        identity=Identity.NOT_COMPARED,
        fingerprint=None,
        covered=True,
        clear=False,
    )
    async with database.begin() as work:
        await work.observations.add("1", ADA.id, START, seen)
        await work.observations.add("2", ADA.id, START + timedelta(seconds=1), dark)
        recent = await work.observations.recent(ADA.id, START)
    first, second = Identity.UNCERTAIN, Identity.NOT_COMPARED
    assert recent == [
        ObservationRecord("1", START, 1, None, first, (box,), b"f" * 32, clear=True),
        ObservationRecord(
            "2", START + timedelta(seconds=1), 0, Unusable.TOO_DARK, second, covered=True
        ),
    ]


async def test_reading_never_writes(database: Database) -> None:
    async with database.read() as work:
        await work.sessions.delete(SESSION.id)
    async with database.read() as work:
        assert await work.sessions.get(SESSION.id) is not None


async def test_times_come_back_in_utc_whatever_their_zone(database: Database) -> None:
    tokyo = timezone(timedelta(hours=9))
    session = replace(SESSION, id=new_id(), created_at=datetime(2026, 5, 4, 18, 0, tzinfo=tokyo))
    async with database.begin() as work:
        await work.sessions.add(session)
    async with database.read() as work:
        stored = await work.sessions.get(session.id)
    assert stored is not None
    assert stored.created_at == session.created_at
    assert stored.created_at.tzinfo is UTC
    assert stored.created_at.hour == 9


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = replace(SESSION, id=new_id(), created_at=START.replace(tzinfo=None))
    with pytest.raises(StatementError, match="without a zone"):
        async with database.begin() as work:
            await work.sessions.add(naive)


async def test_deleting_a_session_takes_everything_of_it(database: Database) -> None:
    async with database.begin() as work:
        await work.incidents.add(_incident())
        work.events.note(_event())
    async with database.begin() as work:
        await work.sessions.delete(SESSION.id)
    async with database.engine.connect() as connection:
        for table in (t.candidate, t.incident, t.event):
            rows = await connection.scalar(sa.select(sa.func.count()).select_from(table))
            assert rows == 0, table.name


async def test_a_database_that_becomes_read_only_is_unavailable_for_now(cluster: Cluster) -> None:
    url = cluster.create()
    name = url.rpartition("/")[2]
    writable = Database(url)
    await upgrade(writable)
    await writable.close()
    cluster.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    database = Database(url)
    with pytest.raises(StorageMisconfigured, match="read-only"):
        await database.check()
    with pytest.raises(Unavailable):
        async with database.begin() as work:
            await work.sessions.add(SESSION)
    await database.close()
    cluster.drop(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(StorageMisconfigured, match="no file"):
        Database(url)
