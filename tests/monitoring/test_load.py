"""A busy server asks for less, from everybody alike, and says so."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from invigil.monitoring.load import (
    BUSY_WAIT_S,
    HOLD_S,
    MAX_FACTOR,
    PERIOD_S,
    Load,
    stretched,
)
from invigil.monitoring.underway import MOST_OF_ONE
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, read, running
from tests.support.scripted import ScriptedEngine

PLACES = 8

pytestmark = pytest.mark.usefixtures("dialect")


class Gate:
    """Holds every look back while it is shut."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self._reached = threading.Event()

    def __call__(self) -> None:
        if not self._open.is_set():
            self._reached.set()
        self._open.wait(30)

    async def reached(self) -> None:
        """Wait until a look is held back."""
        assert await asyncio.to_thread(self._reached.wait, 30)

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def house(
    tmp_path: Path, clock: Clock, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """One worker, with few places to wait: more would take more people to fill."""
    monkeypatch.setattr("invigil.monitoring.analysis.QUEUE_PER_WORKER", PLACES)
    async with running(tmp_path, clock, ScriptedEngine(gate), analysis_workers=1) as up:
        yield up
        gate.open()


async def send_all(senders: Sequence[Candidate], gate: Gate, skipped: int) -> list[Json]:
    """A frame of each sender, all while the worker is busy with the first one. `skipped`: how many
    are to be answered meanwhile."""
    gate.shut()
    sent = [asyncio.create_task(each.send(b"me")) for each in senders]
    answers = asyncio.as_completed(sent)
    early = [read(await next(answers)) for _ in range(skipped)]
    gate.open()
    return early + [read(await answer) for answer in answers]


async def flood(house: Running, session: Json, gate: Gate) -> list[Json]:
    """Eight frames more than find room, two of each sender."""
    crowd = []
    for n in range((PLACES + 8) // MOST_OF_ONE):
        crowd.append(await house.enter(session, f"No. {n}", b"me"))
        await house.tick(1)
    return await send_all(crowd * MOST_OF_ONE, gate, 8)


@pytest.fixture
async def ada(house: Running, session: Json) -> Candidate:
    return await house.enter(session, face=b"me")


async def test_frames_that_find_the_queue_full_cost_a_longer_interval_and_no_error(
    house: Running, session: Json, gate: Gate
) -> None:
    replies = await flood(house, session, gate)
    skipped = [reply for reply in replies if reply["observation"] is None]
    assert len(skipped) == 8
    assert all(reply["next_frame_ms"] > 5000 for reply in skipped)
    assert all(reply["warnings"] == [] for reply in skipped)


async def test_the_console_hears_of_it_and_everybody_waits_alike(
    house: Running, gate: Gate, session: Json
) -> None:
    proctor = await house.proctor()
    address = "/api/v1/system"
    assert read(await proctor.client.get(address))["analysis"] == "ok"
    ben = await house.enter(session, "Ben", b"me")
    await flood(house, session, gate)
    status = read(await proctor.client.get(address))
    assert status["analysis"] == "busy"
    assert f"{status['interval_factor']} times less often" in status["text"]
    reply = await ben.frame(b"me")
    assert reply["next_frame_ms"] > 5000


class Seconds:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def load(seconds: Seconds) -> Load:
    return Load(seconds)


def pass_seconds(load: Load, seconds: Seconds, count: int, wait_s: float) -> None:
    """So many seconds in which thirty frames each wait so long."""
    for _ in range(count):
        for _ in range(30):
            load.waited(wait_s)
        seconds.now += PERIOD_S


def test_waits_that_are_short_stretch_nothing(load: Load, seconds: Seconds) -> None:
    pass_seconds(load, seconds, 600, BUSY_WAIT_S)
    assert load.interval_factor == 1.0


def test_single_slow_frames_are_no_load(load: Load, seconds: Seconds) -> None:
    for _ in range(60):
        load.waited(5.0)
        load.waited(5.0)
        seconds.now += PERIOD_S
    assert load.interval_factor == 1.0


def test_one_bad_second_stretches_a_little_and_is_soon_forgotten(
    load: Load, seconds: Seconds
) -> None:
    pass_seconds(load, seconds, 1, 5.0)
    assert load.interval_factor == 1.1
    pass_seconds(load, seconds, 7, 0.01)
    assert load.interval_factor == 1.0


def test_a_wait_that_stays_stretches_to_six_times_and_no_further(
    load: Load, seconds: Seconds
) -> None:
    pass_seconds(load, seconds, 100, 1.0)
    assert load.interval_factor == MAX_FACTOR
    pass_seconds(load, seconds, 120, 0.01)
    assert load.interval_factor == 1.0


def test_refusals_count_once_until_pages_have_heard_of_it(load: Load, seconds: Seconds) -> None:
    for _ in range(int(HOLD_S / PERIOD_S)):
        for _ in range(100):
            load.refused()
        assert load.interval_factor == 1.15
        seconds.now += PERIOD_S
    load.refused()
    assert load.interval_factor == pytest.approx(1.15**2)


def test_a_busy_time_does_not_reach_the_end_of_the_scale_before_pages_can_follow(
    load: Load, seconds: Seconds
) -> None:
    pass_seconds(load, seconds, 8, 5.0)
    assert load.interval_factor == pytest.approx(1.1**2)


def test_it_relaxes_while_no_frames_come(load: Load, seconds: Seconds) -> None:
    pass_seconds(load, seconds, 100, 1.0)
    seconds.now += 120 * PERIOD_S
    assert load.interval_factor == 1.0


async def test_a_stretched_interval_is_the_one_that_counts_for_a_gap(
    house: Running, gate: Gate, session: Json
) -> None:
    proctor = await house.proctor()
    await flood(house, session, gate)
    ada = await house.enter(session, face=b"me")
    house.clock.advance(1)
    allowed = 3 * read(await ada.send(b"me"))["next_frame_ms"] / 1000
    assert allowed > 15
    await house.tick(int(allowed))
    assert ada.id not in await lost(proctor, session)
    await house.tick(1)
    assert ada.id in await lost(proctor, session)


async def lost(proctor: Proctor, session: Json) -> set[str]:
    """Ids of the candidates with an incident, which is that no frames come."""
    incidents = await proctor.incidents(session)
    assert {each["kind"] for each in incidents} <= {"camera_lost"}
    return {each["candidate_id"] for each in incidents}


async def test_many_frames_of_one_sender_keep_nobody_elses_from_the_analysis(
    house: Running, gate: Gate, session: Json, ada: Candidate
) -> None:
    """Two of them wait for it. What more there is costs the others not even an interval."""
    ben = await house.enter(session, "Ben", b"me")
    replies = await send_all([*[ada] * 20, ben], gate, 18)
    assert [reply["observation"] is None for reply in replies] == [True] * 18 + [False] * 3
    assert (await ben.frame(b"me"))["next_frame_ms"] <= 5000


async def test_a_frame_that_waits_is_a_sign_of_life(
    house: Running, gate: Gate, session: Json, ada: Candidate
) -> None:
    """And so is the answer: the page sends its next frame after it."""
    proctor = await house.proctor()
    await ada.frame(b"me")
    gate.shut()
    waiting = asyncio.create_task(ada.send(b"me"))
    await gate.reached()
    await house.tick(18)
    assert await lost(proctor, session) == set()
    gate.open()
    assert read(await waiting)["observation"]
    await house.tick(14)
    assert await lost(proctor, session) == set()
    await house.tick(1)
    assert await lost(proctor, session) == {ada.id}


def test_frames_that_were_answered_together_do_not_come_back_together() -> None:
    chance = random.Random(7)  # noqa: S311 - the same chances each time
    second = timedelta(seconds=1)
    due = [timedelta()] * 400
    for _ in range(12):
        due = [at + stretched(5 * second, 1.25, chance.random()) for at in due]
    places = [at % (6.25 * second) for at in due]
    fullest = max(sum(begin <= at < begin + second for at in places) for begin in places)
    assert fullest < 2 * len(due) / 6.25


def test_what_is_added_is_on_average_what_the_factor_says() -> None:
    whole = [stretched(timedelta(seconds=5), 1.5, each / 100) for each in range(101)]
    assert sum(whole, timedelta()) / len(whole) == timedelta(seconds=7.5)
    assert min(whole) > timedelta(seconds=5)
    assert stretched(timedelta(seconds=5), 1.0, 0.9) == timedelta(seconds=5)
