"""The server looks at live tracks itself, through a real LiveKit server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from livekit import rtc

from invigil.domain.errors import MediaUnavailable
from invigil.feed.peer import Role
from invigil.meetings.livekit_tap import LiveKitTap
from invigil.meetings.port import Room, RoomKey
from invigil.storage.database.tables import tap_look
from invigil.vision.port import VisionEngine
from tests.support import pictures
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, files_under, read
from tests.support.livekit import KEY, SECRET, LiveKit, livekit
from tests.support.ports import free_port
from tests.support.rooms import HEIGHT, WIDTH, guest, room_of, show
from tests.support.server import exam_page, serving

EVERY_S = 20.0
KIND = "frames_do_not_match_video"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKit]:
    with livekit(tmp_path_factory.mktemp("livekit")) as up:
        yield up


@dataclass
class Exam:
    """One candidate in a session with LiveKit, and a server that looks for itself."""

    house: Running
    proctor: Proctor
    session: Json
    ada: Candidate

    async def look(self, posted: bytes, times: int = 1) -> None:
        """Post a picture and let the server look, as often, each at its time."""
        for _ in range(times):
            self.house.clock.advance(EVERY_S)
            read(await self.ada.send(posted))
            await self.house.tap.tick()

    async def found(self) -> list[Json]:
        return [each for each in await self.proctor.incidents(self.session) if each["kind"] == KIND]

    async def looks(self) -> list[float | None]:
        async with self.house.database.engine.connect() as connection:
            rows = await connection.execute(tap_look.select().order_by(tap_look.c.at))
            return [row.similarity for row in rows]


@pytest.fixture
async def exam(
    tmp_path: Path, clock: Clock, engine: VisionEngine, live: LiveKit
) -> AsyncIterator[Exam]:
    chosen = live.settings | {"livekit_tap_seconds": EVERY_S}
    async with serving(tmp_path / "data", clock, engine, **chosen) as house:
        proctor = await house.proctor()
        session = await proctor.open_session(provider="livekit")
        yield Exam(house, proctor, session, await house.enter(session))


@asynccontextmanager
async def camera(live: LiveKit, token: str, picture: bytes) -> AsyncIterator[rtc.Room]:
    """The candidate's page without a browser: it sends one picture again and again."""
    rgb = np.asarray(pictures.opened(picture).resize((WIDTH, HEIGHT)))
    async with guest(live, token) as page:
        source = await page.send_pictures()

        async def film() -> None:
            while True:
                show(source, rgb)
                await asyncio.sleep(0.1)

        filming = asyncio.create_task(film())
        try:
            yield page.room
        finally:
            filming.cancel()
            await asyncio.gather(filming, return_exceptions=True)


async def token_of(candidate: Candidate) -> str:
    token: str = read(await candidate.post("media"))["token"]
    return token


async def test_the_pictures_of_the_live_camera_open_nothing(exam: Exam, live: LiveKit) -> None:
    mine = pictures.webcam(pictures.obama())
    async with camera(live, await token_of(exam.ada), mine):
        await exam.look(mine, 4)
    seen = await exam.looks()
    assert len(seen) == 4
    assert all(each is not None and each > 0.8 for each in seen), seen
    assert await exam.found() == []


async def test_other_pictures_open_one_incident_with_both_and_the_right_ones_end_it(
    exam: Exam, live: LiveKit
) -> None:
    mine, other = pictures.webcam(pictures.obama()), pictures.webcam(pictures.biden())
    async with camera(live, await token_of(exam.ada), other):
        await exam.look(mine, 2)
        assert await exam.found() == []
        await exam.look(mine, 3)
        (incident,) = await exam.found()
        assert (incident["severity"], incident["state"]) == ("medium", "open")
        await exam.look(other)
        (incident,) = await exam.found()
        assert incident["state"] == "closed"
    (evidence,) = incident["evidence"]
    answer = await exam.proctor.client.get(f"/api/v1/evidence/{evidence['id']}")
    both = pictures.opened(answer.content)
    assert both.size == (640 + 8 + 640, 480)
    left, right = both.crop((0, 0, 640, 480)), both.crop((648, 0, 1288, 480))
    for shown, meant in ((left, mine), (right, other)):
        difference = np.abs(np.asarray(shown, float) - np.asarray(pictures.opened(meant), float))
        assert difference.mean() < 20
    kept = [each for each in files_under(exam.house.objects) if each.startswith("evidence/")]
    told = await exam.proctor.incidents(exam.session)
    reference_photo = 1
    assert len(kept) == reference_photo + sum(len(each["evidence"]) for each in told)


async def test_no_camera_old_pictures_and_other_moments_say_nothing(
    exam: Exam, live: LiveKit
) -> None:
    mine, other = pictures.webcam(pictures.obama()), pictures.webcam(pictures.biden())
    await exam.look(mine)  # nobody is in the room
    token = await token_of(exam.ada)
    async with guest(live, token):
        await exam.look(mine)  # no camera
    async with camera(live, token, other):
        read(await exam.ada.send(mine))
        exam.house.clock.advance(EVERY_S)
        await exam.house.tap.tick()  # the page has posted nothing since
        assert await exam.looks() == []
        await exam.look(mine)
        exam.house.clock.advance(EVERY_S / 2)
        read(await exam.ada.send(mine))
        await exam.house.tap.tick()  # too soon
        assert len(await exam.looks()) == 1
    await exam.look(mine, 3)  # gone
    assert len(await exam.looks()) == 1
    assert await exam.found() == []


async def test_pages_are_told_whom_to_let_see_and_decide_who_does(
    exam: Exam, live: LiveKit
) -> None:
    mine = pictures.webcam(pictures.obama())
    await exam.house.tap.tick()
    async with await exam_page(exam.house, exam.ada) as page:
        (peer,) = page.letters[0]["peers"]
    assert peer["role"] == "proctor"
    name = peer["viewer"]
    allowed = rtc.ParticipantTrackPermission
    async with camera(live, await token_of(exam.ada), mine) as room:
        me = room.local_participant
        me.set_track_subscription_permissions(
            allow_all_participants=False,
            participant_permissions=[allowed(participant_identity="v-other", allow_all=True)],
        )
        await exam.look(mine)
        assert await exam.looks() == []
        me.set_track_subscription_permissions(
            allow_all_participants=False,
            participant_permissions=[allowed(participant_identity=name, allow_all=True)],
        )
        await exam.look(mine)
        assert len(await exam.looks()) == 1
    assert exam.house.rooms.presence.count(Role.PROCTOR) == 0


async def test_a_server_that_is_away_is_an_outage_and_no_incident(exam: Exam) -> None:
    tap = LiveKitTap(f"ws://127.0.0.1:{free_port()}", KEY, SECRET)
    with pytest.raises(MediaUnavailable):
        await tap.look(Room(RoomKey("x", "y"), "exam-x-y"), "v-1", "y")
    token = await token_of(exam.ada)
    assert room_of(token)
    exam.house.rooms.media.meetings.taps["livekit"] = tap
    await exam.look(pictures.webcam(pictures.obama()), 4)
    assert await exam.looks() == []
    assert await exam.found() == []


async def test_it_is_off_unless_asked_for_and_needs_livekit(
    tmp_path: Path, clock: Clock, engine: VisionEngine, live: LiveKit
) -> None:
    async with serving(tmp_path / "data", clock, engine, **live.settings) as house:
        assert house.app.state.tap is None
        assert not house.rooms.media.meetings.taps
