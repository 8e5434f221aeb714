"""What is shown while a rehearsal runs, with and without a terminal."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from io import StringIO

import pytest
from rich.console import Console

from invigil.simulate.plan import Plan
from invigil.simulate.progress import show, state
from invigil.simulate.rehearsal import Outcome, Session
from tests.support.virtual_time import run_virtually


@pytest.fixture
def outcome() -> Outcome:
    """Three of four candidates have come, and something went wrong twice."""
    plan = Plan(candidates=4, seconds=90.0, join_within_s=10.0)
    found = Outcome(plan, Session("code", {"id": "s"}), "0.1.0")
    for number in range(3):
        found.ledger.joined(f"c{number}")
    found.tally.inside = 2
    found.tally.verdicts.seconds += [0.1] * 20
    found.tally.stretched = 5
    found.tally.error("frame: timeout")
    found.tally.error("frame: timeout")
    return found


def shown(outcome: Outcome, seconds: float, *, terminal: bool) -> str:
    """All that is written in so many seconds, none of which is waited for."""
    out = StringIO()
    console = Console(file=out, force_terminal=terminal, width=200, highlight=False)

    async def watch() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(show(console, outcome), seconds)

    run_virtually(watch())
    return out.getvalue()


def test_without_a_terminal_there_is_a_line_every_ten_seconds(outcome: Outcome) -> None:
    assert shown(outcome, 9.9, terminal=False) == ""
    lines = shown(outcome, 35, terminal=False).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["left 1:20", "left 1:10", "left 1:00"]
    assert lines[0] == (
        "left 1:20, joined 3 of 4, in the room 2, live sockets 0, verdicts 20, "
        "verdict p95 lately 0.10 s, longer intervals 5, incidents shown 0, "
        "errors 2 (frame: timeout)"
    )


def test_in_a_terminal_the_table_changes_in_place(
    outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    said = shown(outcome, 2.2, terminal=True)
    # Twice a second, each time over the one before.
    assert said.count("3 of 4") >= 5
    assert said.count("\x1b[1A") >= 4
    assert "1:30" in said
    assert "1:28" in said
    assert "Ctrl-C ends it early" in said
    assert said.endswith("\x1b[2K"), "the table is gone before the report"


def test_the_time_that_is_left_ends_in_words(outcome: Outcome) -> None:
    assert state(outcome, 89.0)["left"] == "0:01"
    assert state(outcome, 90.0)["left"] == "finishing"
    assert state(outcome, 500.0)["left"] == "finishing"
    outcome.tally.errors.clear()
    assert state(outcome, 0.0)["errors"] == "0"
