"""An exam that no console shows is said to be alone, once a minute of it has passed."""

from __future__ import annotations

from pathlib import Path

from tests.support.clock import Clock, wire
from tests.support.house import Proctor, Running, read
from tests.support.scripted import ScriptedEngine
from tests.support.server import console, serving


async def since(proctor: Proctor) -> list[str | None]:
    found = read(await proctor.client.get("/api/v1/sessions"))["sessions"]
    return [each["unattended_since"] for each in found]


async def test_an_exam_that_no_console_shows(tmp_path: Path, clock: Clock) -> None:
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        await house.tick(90)
        assert await since(proctor) == [None], "nobody is in the room"
        await house.enter(session, face=b"me")
        async with await console(house, proctor, session):
            await house.tick(90)
            assert await since(proctor) == [None]
        await house.tick(1)
        left = wire(clock())
        await house.tick(59)
        assert await since(proctor) == [None], "whoever loads the page again is back by now"
        await house.tick(1)
        assert await since(proctor) == [left]
        assert house.rooms.attendance.unattended == 1
        async with await console(house, proctor, session):
            await house.tick(1)
            assert await since(proctor) == [None]
            assert house.rooms.attendance.unattended == 0


async def test_a_closed_exam_needs_nobody(scripted: Running, proctor: Proctor) -> None:
    session = await proctor.open_session()
    await scripted.enter(session, face=b"me")
    await scripted.tick(65)
    assert scripted.rooms.attendance.unattended == 1
    await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")
    await scripted.tick(1)
    assert scripted.rooms.attendance.unattended == 0
