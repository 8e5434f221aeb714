"""A trace serves one frame, and only the next one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from invigil.domain.observation import TRACE_FRESH, Trace
from invigil.monitoring import traces
from invigil.monitoring.traces import Traces
from tests.support.clock import START

ONE, OTHER = Trace("m@1", b"one"), Trace("m@1", b"other")
SOON = START + timedelta(seconds=5)
TICK = timedelta(microseconds=1)


async def test_a_trace_is_taken_once() -> None:
    known = Traces()
    known.keep("ada", ONE, START)
    known.keep("bea", OTHER, START)
    assert known.take("ada", START, SOON) is ONE
    assert known.take("ada", START, SOON) is None
    assert known.take("bea", START, SOON) is OTHER


async def test_a_frame_without_a_trace_takes_the_older_one_away() -> None:
    known = Traces()
    known.keep("ada", ONE, START)
    known.keep("ada", None, SOON)
    assert known.take("ada", SOON, SOON + TICK) is None


@pytest.mark.parametrize("newest", [START + TICK, START - TICK, None])
async def test_only_the_newest_frames_trace_counts(newest: datetime | None) -> None:
    """Another server had a frame meanwhile, or the exam was paused and went on."""
    known = Traces()
    known.keep("ada", ONE, START)
    assert known.take("ada", newest, SOON) is None


@pytest.mark.parametrize(
    ("later", "found"), [(TRACE_FRESH, ONE), (TRACE_FRESH + TICK, None), (-TICK, None)]
)
async def test_an_old_trace_says_nothing_and_one_of_the_future_neither(
    later: timedelta, found: Trace | None
) -> None:
    known = Traces()
    known.keep("ada", ONE, START)
    assert known.take("ada", START, START + later) is found


async def test_nothing_stays_of_who_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "TRACE_FRESH", timedelta(seconds=0))
    known = Traces()
    known.keep("ada", ONE, START)
    known.keep("ada", OTHER, SOON)
    assert len(known._known) == 1
    await asyncio.sleep(0.01)
    assert known._known == {}
