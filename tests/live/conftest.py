"""A real server on a real port, with scripted pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.databases import Dialect
from tests.support.house import Candidate, Json, Proctor, Running
from tests.support.redis import RedisServer, redis_server
from tests.support.scripted import ScriptedEngine
from tests.support.server import serving


@pytest.fixture
async def house(tmp_path: Path, clock: Clock, dialect: Dialect) -> AsyncIterator[Running]:
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as up:
        yield up


@pytest.fixture
async def proctor(house: Running) -> Proctor:
    return await house.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()


@pytest.fixture
async def ada(house: Running, session: Json) -> Candidate:
    return await house.enter(session, face=b"me")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as up:
        yield up
