"""A busy server asks for less, from everybody alike, and says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Running, read, running
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.usefixtures("dialect")


class Gate:
    """Holds every look back while it is shut."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()

    def __call__(self) -> None:
        self._open.wait(30)

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def house(tmp_path: Path, clock: Clock, gate: Gate) -> AsyncIterator[Running]:
    """One worker, with sixteen places to wait."""
    async with running(tmp_path, clock, ScriptedEngine(gate), analysis_workers=1) as up:
        yield up
        gate.open()


async def flood(ada: Candidate, gate: Gate, frames: int) -> list[Json]:
    """Frames that all arrive while the worker is busy with the first one."""
    gate.shut()
    sent = [asyncio.create_task(ada.send(b"me")) for _ in range(frames)]
    answers = asyncio.as_completed(sent)
    skipped = [read(await next(answers)) for _ in range(frames - 16)]
    gate.open()
    return skipped + [read(await answer) for answer in answers]


@pytest.fixture
async def ada(house: Running, session: Json) -> Candidate:
    return await house.enter(session, face=b"me")


async def test_frames_that_find_the_queue_full_cost_a_longer_interval_and_no_error(
    ada: Candidate, gate: Gate
) -> None:
    replies = await flood(ada, gate, 24)
    skipped = [reply for reply in replies if reply["observation"] is None]
    assert len(skipped) == 8
    assert all(reply["next_frame_ms"] > 5000 for reply in skipped)
    assert all(reply["warnings"] == [] for reply in skipped)


async def test_the_console_hears_of_it_and_everybody_waits_alike(
    house: Running, gate: Gate, session: Json, ada: Candidate
) -> None:
    proctor = await house.proctor()
    address = "/api/v1/system"
    assert read(await proctor.client.get(address))["analysis"] == "ok"
    ben = await house.enter(session, "Ben", b"me")
    await flood(ada, gate, 24)
    status = read(await proctor.client.get(address))
    assert status["analysis"] == "busy"
    assert f"{status['interval_factor']} times less often" in status["text"]
    reply = await ben.frame(b"me")
    assert reply["next_frame_ms"] > 5000


async def test_the_interval_comes_back_to_normal_and_never_passes_six_times(
    house: Running, gate: Gate, session: Json, ada: Candidate
) -> None:
    replies = await flood(ada, gate, 60)
    assert max(reply["next_frame_ms"] for reply in replies) == 30_000
    ben = await house.enter(session, "Ben", b"me")
    for _ in range(120):
        reply = await ben.frame(b"me")
    assert reply["next_frame_ms"] == 5000


async def test_a_stretched_interval_is_the_one_that_counts_for_a_gap(
    house: Running, gate: Gate, session: Json, ada: Candidate
) -> None:
    proctor = await house.proctor()
    await flood(ada, gate, 24)
    house.clock.advance(1)
    allowed = 3 * read(await ada.send(b"me"))["next_frame_ms"] / 1000
    assert allowed > 20
    await house.tick(int(allowed))
    assert await proctor.incidents(session) == []
    await house.tick(1)
    assert [each["kind"] for each in await proctor.incidents(session)] == ["camera_lost"]
