"""Pages and a server that act on one another, in virtual time: a busy server does not swing."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from invigil.domain.session import Policy
from invigil.monitoring.load import QUEUE_PER_WORKER, Load
from invigil.monitoring.pace import Pace

INTERVAL_S = 5.0
SECONDS = 240.0
COUNTED_FROM = 120.0
BEGIN = datetime(2026, 5, 4, tzinfo=UTC)
# One server that takes this long for a picture, and every five seconds a rest.
PICTURE_S, REST_S, RESTS_EVERY_S = 0.005, 0.2, 5.0
QUEUE = 2 * QUEUE_PER_WORKER


@dataclass(order=True)
class _Event:
    at: float
    number: int
    page: int = field(compare=False)
    came: float | None = field(compare=False)
    """When the picture came that a worker takes now; None: it comes now."""


@dataclass
class Outcome:
    pictures: int = 0
    refused: int = 0
    longest_s: float = 0.0

    @property
    def busy(self) -> float:
        """The share of its time that the server worked."""
        return (self.pictures - self.refused) * PICTURE_S / (SECONDS - COUNTED_FROM)


def exam(pages: int) -> Outcome:
    """The last two minutes of four, after a start in which each page costs three times as much."""
    now = 0.0
    load = Load(lambda: now)
    pace = Pace(load, random.Random(1).random)  # noqa: S311
    numbers: Iterator[int] = itertools.count()
    events = [_Event(INTERVAL_S * n / pages, next(numbers), n, None) for n in range(pages)]
    free = waiting = 0.0
    rests_from, known, outcome = RESTS_EVERY_S, set[int](), Outcome()

    def again(event: _Event, came: float) -> None:
        wanted = timedelta(seconds=INTERVAL_S)
        received = BEGIN + timedelta(seconds=came)
        interval_s = pace.next(received, wanted, Policy(wanted)) / 1000
        heapq.heappush(events, _Event(max(now, came + interval_s), next(numbers), event.page, None))
        if now >= COUNTED_FROM:
            outcome.longest_s = max(outcome.longest_s, interval_s)

    while events and (event := heapq.heappop(events)).at < SECONDS:
        now = event.at
        if event.came is not None:
            waiting -= 1
            load.waited(now - event.came)
            again(event, event.came)
            continue
        outcome.pictures += now >= COUNTED_FROM
        if waiting >= QUEUE:
            load.refused()
            outcome.refused += now >= COUNTED_FROM
            again(event, now)
            continue
        begins = max(free, now)
        if begins > rests_from:
            begins += REST_S
            rests_from = begins + RESTS_EVERY_S
        free = begins + PICTURE_S * (1 if event.page in known else 3)
        known.add(event.page)
        waiting += 1
        heapq.heappush(events, _Event(begins, next(numbers), event.page, now))
    return outcome


@pytest.mark.parametrize("pages", [100, 600, 800])
def test_what_a_server_can_do_it_does(pages: int) -> None:
    """800 pages are four fifths of it: a bad start must not keep it at less for ever."""
    found = exam(pages)
    assert found.refused == 0
    assert found.longest_s == INTERVAL_S
    assert found.pictures == pytest.approx(pages * (SECONDS - COUNTED_FROM) / INTERVAL_S, rel=0.02)


@pytest.mark.parametrize("pages", [1000, 1200, 2000])
def test_what_it_cannot_do_it_asks_less_often_for(pages: int) -> None:
    found = exam(pages)
    assert found.busy > 0.75
    assert found.refused < 0.1 * found.pictures
    assert found.longest_s < 4 * INTERVAL_S * pages / 1000
