"""When a page is asked for its next picture: what the rules want, what the server can do."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from invigil.domain.session import Policy
from invigil.monitoring.load import longest, stretched
from invigil.monitoring.timetable import SOONER, Timetable


class Stretching(Protocol):
    @property
    def interval_factor(self) -> float:
        """By how much intervals are stretched on average."""
        ...


class Pace:
    """Intervals in milliseconds from the receipt of a picture to the next one."""

    def __init__(self, analysis: Stretching, chance: Callable[[], float] = random.random) -> None:
        """`chance`: gives numbers from 0 to 1."""
        self._analysis = analysis
        self._chance = chance
        self._timetable = Timetable()

    def next(self, received_at: datetime, wanted: timedelta, policy: Policy) -> int:
        """`wanted`: what the rules ask for."""
        if wanted <= policy.burst:
            return _ms(wanted)
        if wanted < policy.sampling:
            # For a decision that is due at that moment, and not before.
            return _ms(self._stretched(wanted))
        return self.regular(received_at, wanted)

    def regular(self, received_at: datetime, interval: timedelta) -> int:
        """Of the pictures that come again and again: longer when the server is busy, and a little
        shorter where too many would come at once and it is not."""
        factor = self._analysis.interval_factor
        wanted = stretched(interval, factor, self._chance())
        placed = self._timetable.place(
            received_at.timestamp(),
            wanted,
            earliest=interval if wanted > interval else interval * (1 - SOONER),
            latest=longest(interval, factor),
            mean=interval * factor,
        )
        return _ms(placed)

    def _stretched(self, interval: timedelta) -> timedelta:
        return stretched(interval, self._analysis.interval_factor, self._chance())


def _ms(interval: timedelta) -> int:
    return int(interval / timedelta(milliseconds=1))
