"""Pictures that are still being looked at, or stored, when something else is decided."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from httpx2 import Response

from invigil.domain.incident import EvidenceState
from invigil.domain.observation import Observation, Template
from tests.support.clock import Clock
from tests.support.house import JPEG, Candidate, Json, Proctor, Running, files_under, read, running
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


def stills(house: Running) -> list[str]:
    return [each for each in files_under(house.objects) if each.startswith("stills/")]


async def test_who_is_removed_meanwhile_leaves_no_newest_picture(
    house: Running, proctor: Proctor, session: Json, engine: SlowEngine
) -> None:
    ada = await house.join(session)
    read(await ada.reference_photo(b"me"))
    (frame,) = await live_frames(ada, engine, 1)
    read(await proctor.act(ada.id, "remove", "Somebody else sits there."))
    engine.go.set()
    assert (await frame).status_code == 409
    assert stills(house) == []


@pytest.mark.parametrize("ending", ["leave", "pause", "close"])
async def test_a_picture_that_is_stored_late_goes_again(
    house: Running, proctor: Proctor, session: Json, engine: SlowEngine, ending: str
) -> None:
    """It arrives after it was to be deleted."""
    engine.go.set()
    ada = await house.enter(session, face=b"me")
    shelf = house.storage.store.shelf
    put, arriving, go = shelf.put, asyncio.Event(), asyncio.Event()

    async def slow(key: str, image: bytes, at: datetime, *, replace: bool) -> EvidenceState:
        arriving.set()
        await go.wait()
        return await put(key, image, at, replace=replace)

    with patch.object(shelf, "put", slow):
        frame = asyncio.create_task(ada.send(b"me"))
        await arriving.wait()
        if ending == "leave":
            read(await ada.post("leave"))
        elif ending == "pause":
            read(await proctor.act(ada.id, "pause", "A break."))
        else:
            read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/close"))
            await house.rooms.sessions.finish_closed()
        go.set()
        await frame
    assert stills(house) == []


async def test_a_defect_of_the_image_store_is_told(
    house: Running, session: Json, engine: SlowEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """The frame is on record all the same."""
    engine.go.set()
    ada = await house.enter(session, face=b"me")

    async def broken(*_key: object, **_replace: object) -> EvidenceState:
        raise KeyError("bucket")

    with patch.object(house.storage.store.shelf, "put", broken):
        read(await ada.send(b"me"))
    assert "still not stored" in (said := capsys.readouterr().out)
    assert "KeyError" in said
