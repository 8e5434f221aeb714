"""When pictures are to come, so that those that came together do not do so for ever.

After a stall, a reconnect storm or the start of an exam many pages post in the same moment. With
equal intervals they would go on doing so: a full queue once in an interval, and idle workers in
between. So do those of a busy server, each time that what it adds to the intervals changes.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta

BIN_S = 0.1
SOONER = 0.25
"""At most this share of the interval is taken off."""

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

    def place(
        self,
        now_s: float,
        wanted: timedelta,
        *,
        earliest: timedelta,
        latest: timedelta,
        mean: timedelta,
    ) -> timedelta:
        """Time from `now_s` to the next picture: `wanted`, or the nearest that is not crowded.

        It lies between `earliest` and `latest`, as `wanted` does. `mean`: of all pages. `now_s`:
        seconds of any clock at the receipt of a picture; pages count from there as well.
        """
        self._forget_before(math.floor(now_s / BIN_S))
        preferred = math.floor((now_s + wanted.total_seconds()) / BIN_S)
        first = min(preferred, math.ceil((now_s + earliest.total_seconds()) / BIN_S))
        last = max(preferred, math.floor((now_s + latest.total_seconds()) / BIN_S))
        chosen = self._roomy(preferred, range(first, last + 1), mean.total_seconds())
        self._due[chosen] += 1
        if chosen == preferred:
            return wanted
        return timedelta(seconds=chosen * BIN_S - now_s)

    def _roomy(self, preferred: _Bin, moments: range, mean_s: float) -> _Bin:
        """The nearest of `moments` that has less than its share, or the least crowded one."""
        even = sum(self._due.values()) * BIN_S / mean_s
        most = max(FEW, math.ceil(CROWDED * even))
        if self._due[preferred] < most:
            return preferred
        roomy = [each for each in moments if self._due[each] < most]
        if roomy:
            return min(roomy, key=lambda each: abs(each - preferred))
        return min(moments, key=self._due.__getitem__)

    def _forget_before(self, now: _Bin) -> None:
        for moment in [each for each in tuple(self._due) if each < now]:
            self._due.pop(moment, None)
