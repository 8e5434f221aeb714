"""Pictures that are still being looked at, or stored, when something else is decided."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from httpx2 import Response

from invigil.domain.observation import Observation, Template
from tests.support.clock import Clock
from tests.support.house import JPEG, Candidate, Json, Proctor, Running, read, running
from tests.support.scripted import ScriptedEngine


class SlowEngine(ScriptedEngine):
    """Live pictures (`b"... live"`) wait until `go` is set; `looking` counts those that do."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.looking = threading.Semaphore(0)

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        if image.endswith(b"live"):
            self.looking.release()
            self.go.wait(30)
        return super().observe(image, templates)


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
async def house(tmp_path: Path, clock: Clock, engine: SlowEngine) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", clock, engine, analysis_workers=8) as house:
        yield house
        engine.go.set()


@pytest.fixture
async def proctor(house: Running) -> Proctor:
    return await house.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()


async def live_frames(
    ada: Candidate, engine: SlowEngine, count: int
) -> list[asyncio.Task[Response]]:
    """Check-in frames that are being looked at."""
    path = "/api/v1/candidates/me/check-in-frames"
    sent = [
        asyncio.create_task(ada.client.post(path, content=b"me live", headers=JPEG))
        for _ in range(count)
    ]
    for _ in sent:
        await asyncio.to_thread(engine.looking.acquire)
    return sent


async def test_frames_compared_with_another_photo_say_nothing_about_the_new_one(
    house: Running, session: Json, engine: SlowEngine
) -> None:
    ada = await house.join(session)
    read(await ada.reference_photo(b"me old"))
    sent = await live_frames(ada, engine, 3)
    read(await ada.reference_photo(b"me new"))
    engine.go.set()
    answers = [read(await each) for each in sent]
    assert {(each["state"], each["collected"]) for each in answers} == {("checking_in", 0)}
    progress = [await ada.check_in_frame(b"me") for _ in range(3)]
    assert [each["state"] for each in progress] == ["checking_in", "checking_in", "approved"]
