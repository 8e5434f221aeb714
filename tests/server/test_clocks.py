"""Clocks that are wrong: of a candidate, or of the server. Nobody is ended, and order holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.house import JPEG, Candidate, Json, Proctor, Running, read, running
from tests.support.invariants import nothing_is_broken
from tests.support.replay import replayed, shown
from tests.support.scripted import ScriptedEngine
from tests.support.server import console, serving

DAY = timedelta(days=1)


@pytest.fixture
async def up(tmp_path: Path, clock: Clock, dialect: object) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        yield house


@pytest.fixture
async def proctor(up: Running) -> Proctor:
    return await up.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()


@pytest.fixture
async def ada(up: Running, session: Json) -> Candidate:
    ada = await up.enter(session, face=b"me")
    read(await ada.send(b"me"))
    return ada


@pytest.mark.parametrize("off", [-DAY, DAY], ids=["yesterday", "tomorrow"])
async def test_a_candidates_clock_counts_for_nothing(
    up: Running, proctor: Proctor, session: Json, ada: Candidate, off: timedelta
) -> None:
    """Whatever a browser says of the time: what is stored is the server's."""
    wrong = up.clock.now + off
    headers = JPEG | {"Date": format_datetime(wrong), "X-Captured-At": wrong.isoformat()}
    address = "/api/v1/candidates/me/frames"
    for _ in range(5):
        up.clock.advance(5)
        answer = read(await ada.client.post(address, content=b"me", headers=headers))
        assert answer["observation"]["captured_at"] == up.clock.now.isoformat().replace(
            "+00:00", "Z"
        )
    assert await proctor.incidents(session) == []


@pytest.mark.parametrize("step_s", [30, -30])
async def test_a_server_whose_clock_is_set_ends_nobody_and_blames_nobody(
    up: Running, proctor: Proctor, session: Json, ada: Candidate, step_s: float
) -> None:
    cookie = dict(proctor.client.cookies)
    for _ in range(4):
        await up.tick(5)
        read(await ada.send(b"me"))
    up.clock.advance(step_s)
    await up.watch.tick()
    for _ in range(8):
        read(await ada.send(b"me"))
        await up.tick(5)
    seen = await proctor.snapshot(session)
    assert [each["state"] for each in seen["candidates"]] == ["in_room"]
    assert seen["incidents"] == []
    assert {gap["cause"] for gap in seen["gaps"]} <= {"server"}
    assert dict(proctor.client.cookies) == cookie
    assert (await ada.me())["state"] == "in_room"
    await nothing_is_broken(up)


@pytest.mark.parametrize("step_s", [30, -30])
async def test_a_silence_over_a_step_of_the_clock_is_still_found(
    up: Running, proctor: Proctor, session: Json, ada: Candidate, step_s: float
) -> None:
    up.clock.advance(step_s)
    await up.tick(90)
    (incident,) = await proctor.incidents(session)
    assert incident["kind"] == "camera_lost"
    read(await ada.send(b"me"))
    (incident,) = await proctor.incidents(session)
    assert incident["state"] == "closed"


async def test_events_keep_their_order_when_the_clock_goes_back(
    tmp_path: Path, clock: Clock
) -> None:
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as up:
        proctor = await up.proctor()
        session = await proctor.open_session()
        async with await console(up, proctor, session, since=0) as page:
            ada = await up.enter(session, face=b"me")
            for number in range(6):
                clock.advance(-10 if number % 2 else 5)
                read(await ada.post("messages", {"text": str(number)}), 201)
            found: list[Json] = []
            while sum(each["event"]["kind"] == "message" for each in found) < 6:
                found.append(await page.until("event"))
        assert [each["seq"] for each in found] == sorted({each["seq"] for each in found})
        said = [each["event"]["message"]["text"] for each in found if "message" in each["event"]]
        assert said == [str(number) for number in range(6)]
        assert replayed(found, session) == shown(await proctor.snapshot(session))
