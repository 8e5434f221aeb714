"""A trace serves one frame, and only the next one."""

from __future__ import annotations

from datetime import timedelta

from invigil.domain.observation import Trace
from invigil.monitoring.traces import FRESH, Traces
from tests.support.clock import START

ONE, OTHER = Trace("m@1", b"one"), Trace("m@1", b"other")
SOON = START + timedelta(seconds=5)


def test_a_trace_is_taken_once() -> None:
    known = Traces()
    known.keep("ada", ONE, START)
    known.keep("bea", OTHER, START)
    assert known.take("ada", SOON) is ONE
    assert known.take("ada", SOON) is None
    assert known.take("bea", SOON) is OTHER


def test_a_frame_without_a_trace_takes_the_older_one_away() -> None:
    known = Traces()
    known.keep("ada", ONE, START)
    known.keep("ada", None, SOON)
    assert known.take("ada", SOON) is None


def test_an_old_trace_says_nothing() -> None:
    known = Traces()
    known.keep("ada", ONE, START)
    assert known.take("ada", START + FRESH + timedelta(seconds=1)) is None
    known.keep("ada", ONE, START)
    assert known.take("ada", START + FRESH) is ONE


def test_nothing_stays_of_who_has_gone() -> None:
    known = Traces()
    known.keep("ada", ONE, START)
    known.keep("bea", OTHER, SOON)
    known.keep("carl", None, START + FRESH + timedelta(seconds=1))
    # Asked for at a moment at which it would still be fresh.
    assert known.take("ada", START) is None
    assert known.take("bea", SOON) is OTHER
