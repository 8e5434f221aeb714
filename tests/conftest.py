"""Parts that all tests share: one real vision engine, virtual time, a server on real files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from invigil.monitoring import tap, watch
from invigil.storage.database import Database
from invigil.storage.database.migrate import upgrade
from invigil.storage.evidence import forward
from invigil.vision.factory import build_engine
from invigil.vision.port import VisionEngine
from tests.support import postgres
from tests.support.clock import Clock
from tests.support.databases import POSTGRESQL, SQLITE, Dialect, current
from tests.support.house import Json, Proctor, Running, running
from tests.support.scripted import ScriptedEngine

# No test has a clock: how long an example takes says something about the machine only.
settings.register_profile("invigil", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("invigil")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever stands on a database runs on each, unless it is about SQLite's own files."""
    if "dialect" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("sqlite_only")
        metafunc.parametrize("dialect", [SQLITE] if only else [SQLITE, POSTGRESQL], indirect=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """One PostgreSQL for all tests."""
    with postgres.cluster() as up:
        yield up


@pytest.fixture(scope="session")
def migrated(cluster: postgres.Cluster) -> str:
    """The name of a database with the schema and nothing in it, to make copies of."""

    async def migrate(url: str) -> None:
        database = Database(url)
        await upgrade(database)
        await database.close()

    url = cluster.create()
    asyncio.run(migrate(url))
    return url.rpartition("/")[2]


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> Iterator[Dialect]:
    """The database of this test."""
    if request.param == POSTGRESQL:
        cluster = request.getfixturevalue("cluster")
        current.dialect = Dialect(cluster, request.getfixturevalue("migrated"))
    yield current.dialect
    current.dialect.close()
    current.dialect = Dialect()


@pytest.fixture(scope="session")
def engine() -> VisionEngine:
    """The real one. It holds no state, so that all tests can have the same."""
    return build_engine()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _clockwork_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clockwork moves when a test says so: between two real seconds, virtual hours may pass."""
    monkeypatch.setattr(watch, "TICK_S", 3600.0)
    monkeypatch.setattr(tap, "TICK_S", 3600.0)
    monkeypatch.setattr(forward, "EVERY_S", 3600.0)


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a server set up; no test may meet its database."""
    for name in list(os.environ):
        if name.startswith(("INVIGIL_", "DB_")) and not name.startswith("INVIGIL_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
async def house(
    tmp_path: Path, clock: Clock, engine: VisionEngine, dialect: Dialect
) -> AsyncIterator[Running]:
    """A server with the real vision engine."""
    async with running(tmp_path / "data", clock, engine) as up:
        yield up


@pytest.fixture
async def scripted(tmp_path: Path, clock: Clock, dialect: Dialect) -> AsyncIterator[Running]:
    """A server whose frames are words such as b"me" and b"two"."""
    async with running(tmp_path / "data", clock, ScriptedEngine()) as up:
        yield up


@pytest.fixture
async def proctor(house: Running) -> Proctor:
    return await house.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()
