"""When pictures are to come, so that those that came together do not do so for ever.

After a stall, a reconnect storm or the start of an exam many pages post in the same moment. With
equal intervals they would go on doing so: a full queue once in an interval, and idle workers in
between.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta

BIN_S = 0.1
SOONER = 0.25
"""At most this share of the interval is taken off. Never is anything added."""

CROWDED = 1.25
"""A moment with so many times the pictures of an even spread is avoided."""

FEW = 3
"""As many at once harm nobody."""

_Bin = int


class Timetable:
    """How many pictures have been asked for, and for when.

    It knows what this server asked for, which is what may come to it. Safe to call from several
    threads: a count that is lost now and then does no harm.
    """

    def __init__(self) -> None:
        self._due: Counter[_Bin] = Counter()
        self._all = 0

    def place(self, now_s: float, interval: timedelta) -> timedelta:
        """Time from `now_s` to the next picture: `interval`, or less when that moment is crowded.

        `now_s`: seconds of any clock at the receipt of a picture; pages count from there as well.
        """
        interval_s = interval.total_seconds()
        self._forget_before(math.floor(now_s / BIN_S))
        latest = math.floor((now_s + interval_s) / BIN_S)
        earliest = math.ceil((now_s + interval_s * (1 - SOONER)) / BIN_S)
        chosen = self._roomy(latest, earliest, interval_s)
        self._due[chosen] += 1
        self._all += 1
        if chosen == latest:
            return interval
        return timedelta(seconds=chosen * BIN_S - now_s)

    def _roomy(self, latest: _Bin, earliest: _Bin, interval_s: float) -> _Bin:
        """The last moment, or the least crowded one when that has more than its share."""
        even = self._all * BIN_S / interval_s
        if self._due[latest] < max(FEW, math.ceil(CROWDED * even)):
            return latest
        return min(range(earliest, latest + 1), key=self._due.__getitem__)

    def _forget_before(self, now: _Bin) -> None:
        for moment in [each for each in tuple(self._due) if each < now]:
            self._all -= self._due.pop(moment, 0)
