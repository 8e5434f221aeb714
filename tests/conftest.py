"""Parts that all tests share: one real vision engine, virtual time, a server on real files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from invigil.monitoring import watch
from invigil.vision.factory import build_engine
from invigil.vision.port import VisionEngine
from tests.support.clock import Clock
from tests.support.house import Json, Proctor, Running, running
from tests.support.scripted import ScriptedEngine

# No test has a clock: how long an example takes says something about the machine only.
settings.register_profile("invigil", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("invigil")


@pytest.fixture(scope="session")
def engine() -> VisionEngine:
    """The real one. It holds no state, so that all tests can have the same."""
    return build_engine()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _clockwork_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch ticks when a test says so: between two real seconds, virtual hours may pass."""
    monkeypatch.setattr(watch, "TICK_S", 3600.0)


@pytest.fixture
async def house(tmp_path: Path, clock: Clock, engine: VisionEngine) -> AsyncIterator[Running]:
    """A server with the real vision engine."""
    async with running(tmp_path / "data", clock, engine) as up:
        yield up


@pytest.fixture
async def scripted(tmp_path: Path, clock: Clock) -> AsyncIterator[Running]:
    """A server whose frames are words such as b"me" and b"two"."""
    async with running(tmp_path / "data", clock, ScriptedEngine()) as up:
        yield up


@pytest.fixture
async def proctor(house: Running) -> Proctor:
    return await house.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()
