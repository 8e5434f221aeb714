"""When a page is asked for its next picture: what the rules want, what the server can do."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from invigil.domain.session import Policy
from invigil.monitoring.analysis import ManagedAnalysis
from invigil.monitoring.load import stretched
from invigil.monitoring.timetable import Timetable


class Pace:
    """Intervals in milliseconds from the receipt of a picture to the next one."""

    def __init__(self, analysis: ManagedAnalysis) -> None:
        self._analysis = analysis
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
        shorter where too many would come at once."""
        longer = self._stretched(interval)
        if longer > interval:
            return _ms(longer)
        return _ms(self._timetable.place(received_at.timestamp(), interval))

    def _stretched(self, interval: timedelta) -> timedelta:
        chance = random.random()  # noqa: S311 - spreads load, guards nothing
        return stretched(interval, self._analysis.interval_factor, chance)


def _ms(interval: timedelta) -> int:
    return int(interval / timedelta(milliseconds=1))
