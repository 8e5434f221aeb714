"""A trace goes from a candidate's frame to their next one, and to no other."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from invigil.domain.errors import ImageRefused
from invigil.domain.observation import Identity, Observation, Trace
from invigil.vision.port import Frame
from tests.support.clock import Clock
from tests.support.databases import Dialect
from tests.support.house import Candidate, Json, Running, read, running
from tests.support.scripted import ScriptedEngine


class Tracking(ScriptedEngine):
    """Leaves a trace where the product's engine does, and tells which traces it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str | None] = []
        self.number = 0

    def observe_many(self, frames: Sequence[Frame]) -> list[Observation | ImageRefused]:
        return [self._seen(frame) for frame in frames]

    def _seen(self, frame: Frame) -> Observation | ImageRefused:
        self.given.append(None if frame.trace is None else frame.trace.look.decode())
        try:
            seen = self.observe(frame.image, frame.templates)
        except ImageRefused as error:
            return error
        if frame.trace is not None or seen.identity is not Identity.MATCH:
            return seen
        self.number += 1
        return dataclasses.replace(seen, trace=Trace("scripted@1", f"{self.number}".encode()))


@pytest.fixture
def engine() -> Tracking:
    return Tracking()


@pytest.fixture
async def place(
    tmp_path: Path, clock: Clock, engine: Tracking, dialect: Dialect
) -> AsyncIterator[Running]:
    del dialect  # every test on both databases: times are compared that they gave back
    async with running(tmp_path / "data", clock, engine) as up:
        yield up


async def entered(place: Running, session: Json, engine: Tracking, name: str) -> Candidate:
    candidate = await place.enter(session, name, b"me")
    engine.given.clear()
    engine.number = 0
    return candidate


@pytest.fixture
async def session(place: Running) -> Json:
    return await (await place.proctor()).open_session()


@pytest.fixture
async def ada(place: Running, session: Json, engine: Tracking) -> Candidate:
    return await entered(place, session, engine, "Ada")


async def test_every_second_frame_has_a_trace(ada: Candidate, engine: Tracking) -> None:
    for number in range(5):
        await ada.frame(f"me {number}".encode())
    assert engine.given == [None, "1", None, "2", None]


@pytest.mark.parametrize("scene", [b"stranger", b"unsure", b"two", b"empty", b"blurred"])
async def test_whoever_is_not_seen_alone_and_recognised_ends_the_trace(
    ada: Candidate, engine: Tracking, scene: bytes
) -> None:
    await ada.frame(b"me 1")
    await ada.frame(scene)
    await ada.frame(b"me 2")
    assert engine.given[:3] == [None, "1", None]


async def test_while_something_is_suspected_every_frame_is_compared(
    ada: Candidate, engine: Tracking
) -> None:
    for number in range(4):
        await ada.frame(f"stranger {number}".encode())
    engine.given.clear()
    await ada.frame(b"me 1")
    await ada.frame(b"me 2")
    assert engine.given == [None, None]


async def test_a_trace_is_of_one_candidate(
    place: Running, session: Json, ada: Candidate, engine: Tracking
) -> None:
    await ada.frame(b"me 1")
    bea = await entered(place, session, engine, "Bea")
    read(await bea.send(b"me 2"))
    assert engine.given == [None]


async def test_a_trace_grows_old(ada: Candidate, engine: Tracking, clock: Clock) -> None:
    await ada.frame(b"me 1")
    clock.advance(ms=6000)
    await ada.frame(b"me 2")
    assert engine.given == [None, None]


async def test_a_frame_that_was_refused_takes_the_trace_with_it(
    ada: Candidate, engine: Tracking
) -> None:
    await ada.frame(b"me 1")
    assert (await ada.send(b"no picture")).status_code == 422
    await ada.frame(b"me 2")
    assert engine.given == [None, "1", None]
