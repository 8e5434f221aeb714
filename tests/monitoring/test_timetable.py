"""Pictures that came together come apart; those that are spread stay where they are."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from invigil.monitoring.timetable import BIN_S, FEW, SOONER, Timetable

INTERVAL = timedelta(seconds=5)
INTERVAL_S = 5.0


def place(table: Timetable, now: float, interval: timedelta = INTERVAL) -> timedelta:
    """As on a server that is not busy."""
    return table.place(
        now, interval, earliest=interval * (1 - SOONER), latest=interval, mean=interval
    )


def rounds(moments: list[float], count: int) -> list[list[float]]:
    """When each page's picture comes, in each of `count` rounds."""
    table = Timetable()
    found = [sorted(moments)]
    for _ in range(count):
        found.append(sorted(now + place(table, now).total_seconds() for now in found[-1]))
    return found


def crowd(moments: list[float]) -> int:
    """The most pictures within half a second."""
    return max(sum(0 <= other - each < 0.5 for other in moments) for each in moments)


@pytest.mark.parametrize("count", [200, 1000])
def test_a_herd_is_spread_within_a_few_intervals(count: int) -> None:
    came = rounds([100.0] * count, 5)
    even = count * 0.5 / INTERVAL_S
    crowds = [crowd(moments) for moments in came]
    assert crowds[0] == count
    assert crowds[1] <= 4 * even
    assert crowds[2] <= 3 * even
    assert crowds[5] <= 2.1 * even


def test_a_small_herd_is_made_harmless() -> None:
    assert crowd(rounds([100.0] * 40, 1)[1]) <= 5 * (FEW + 1)


def test_what_is_spread_stays_spread() -> None:
    came = rounds([100 + INTERVAL_S * n / 200 for n in range(200)], 8)
    assert max(crowd(moments) for moments in came) <= 22
    # Once it knows how many there are, it has little reason to move anybody.
    for earlier, later in pairwise(came[5:]):
        assert sum(later) - sum(earlier) > 0.995 * INTERVAL_S * len(later)


def test_what_came_by_chance_is_hardly_touched() -> None:
    dice = random.Random(4)  # noqa: S311
    table = Timetable()
    asked = [
        place(table, now).total_seconds()
        for now in sorted(dice.uniform(100, 200) for _ in range(4000))
    ]
    assert sum(each == INTERVAL_S for each in asked) > 0.8 * len(asked)
    assert sum(asked) / len(asked) > 0.97 * INTERVAL_S


def test_few_at_once_are_no_herd() -> None:
    table = Timetable()
    assert [place(table, 100.0) for _ in range(3)] == [INTERVAL] * 3


@pytest.mark.parametrize("seconds", [1, 5, 30])
def test_it_is_never_longer_and_never_much_sooner(seconds: int) -> None:
    table = Timetable()
    interval = timedelta(seconds=seconds)
    dice = random.Random(7)  # noqa: S311
    for _ in range(2000):
        given = place(table, dice.uniform(100, 100 + seconds / 4), interval)
        assert interval * (1 - SOONER) <= given <= interval


def test_the_past_is_forgotten_and_a_clock_may_jump() -> None:
    table = Timetable()
    for now in (100.0, 5000.0, 200.0, 1e9, 0.0):
        for _ in range(100):
            place(table, now)
        # A minute later nothing of it is in the way.
        assert place(table, now + 60) == INTERVAL


def test_pages_with_different_intervals_share_it() -> None:
    table = Timetable()
    due: Counter[int] = Counter()
    for number in range(400):
        interval = INTERVAL if number % 2 else 2 * INTERVAL
        given = place(table, 100.0, interval).total_seconds()
        due[round((100 + given) / BIN_S)] += 1
    assert max(due.values()) < 30


def test_on_a_busy_server_pictures_go_where_there_is_room() -> None:
    """Between the interval and the longest one; as wanted while that is not crowded."""
    table = Timetable()
    dice = random.Random(5)  # noqa: S311
    due: Counter[int] = Counter()
    as_wanted = 0
    for _ in range(800):
        # Everybody at once, and each wants one of two moments.
        wanted = INTERVAL * dice.choice((1.2, 1.3))
        given = table.place(
            100.0, wanted, earliest=INTERVAL, latest=1.5 * INTERVAL, mean=1.25 * INTERVAL
        )
        assert INTERVAL <= given <= 1.5 * INTERVAL
        as_wanted += given == wanted
        due[round((100 + given.total_seconds()) / BIN_S)] += 1
    assert as_wanted >= 2 * FEW
    assert max(due.values()) < 800 / len(due) * 1.7
    assert len(due) >= 20
