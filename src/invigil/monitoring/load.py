"""How busy the server is with frames, and what that means for everybody's interval."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from invigil.domain.errors import Unavailable

QUEUE_PER_WORKER = 64
"""Pictures that may wait for each worker: at 5 ms a picture, as on a processor with VNNI, the last
one waits a third of a second, elsewhere about one."""

BUSY_WAIT_S = 0.35
"""From this mean wait on, intervals are stretched; a verdict is to take a second at most."""

ENOUGH_WAITS = 8
"""Fewer waits in a period are no load, however long: a frame has two, and longer intervals would
not help a server on which single frames are slow."""

MAX_FACTOR = 6.0
PERIOD_S = 1.0
"""The factor is judged once in so long."""

HOLD_S = 4.0
"""It grows no more than once in so long. Pages follow only with their next frame: growing faster
would go to the end of the scale before most of them have heard of the first step. What comes
meanwhile and finds no room is not looked at, so that the queue does not grow either."""

# Small steps up, and down more slowly than pages come back: with larger ones intervals swing for as
# long as the exam lasts, between a full queue and idle workers. Tried in virtual time at 0.8 to 2
# times what a server can do.
_STRETCH = 1.1
_STRETCH_WHEN_FULL = 1.15
_RELAX = 0.985
_LEAST_SHARE = 0.2


class NotAnalysed(Unavailable):
    """The picture was not looked at: no room in the queue, or a worker that died or hung.

    The frame pipeline turns it into a longer interval, never into an error or an incident.
    """


def stretched(interval: timedelta, factor: float, chance: float) -> timedelta:
    """The time to a candidate's next frame. `chance`: 0 to 1, another one for every frame.

    Frames that waited together are answered together, and with equal intervals they would come
    back together for as long as the exam lasts. So what is added differs from answer to answer;
    on average it is what `factor` says.
    """
    share = _LEAST_SHARE + 2 * (1 - _LEAST_SHARE) * chance
    return interval * (1 + (factor - 1) * share)


def longest(interval: timedelta, factor: float) -> timedelta:
    """The most that `stretched` gives."""
    return stretched(interval, factor, 1.0)


class Load:
    """Stretches intervals while frames wait too long, and relaxes them afterwards.

    `clock`: seconds that only go forward. Safe to call from several threads: with SQLite, verdicts
    are reached in the thread of the database.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._factor = 1.0
        self._period_began = clock()
        self._waits: list[float] = []
        self._refused = False
        self._held_until = clock()

    @property
    def interval_factor(self) -> float:
        """By how much intervals are stretched on average, 1 to `MAX_FACTOR`."""
        with self._lock:
            self._turn()
            return self._factor

    def refused(self) -> None:
        """A picture found the queue full: no waiting for the end of the period."""
        with self._lock:
            self._turn()
            self._refused = True
            self._stretch(_STRETCH_WHEN_FULL)

    def waited(self, seconds: float) -> None:
        """A frame waited so long, for a worker or for the database."""
        with self._lock:
            self._turn()
            self._waits.append(seconds)

    def _turn(self) -> None:
        """Judge the periods that are over. Without frames there is nobody to wait for."""
        periods = int((self._clock() - self._period_began) / PERIOD_S)
        if periods <= 0:
            return
        self._period_began += periods * PERIOD_S
        enough = len(self._waits) >= ENOUGH_WAITS
        mean_s = sum(self._waits) / len(self._waits) if enough else 0.0
        if mean_s > BUSY_WAIT_S:
            self._stretch(_STRETCH)
        if mean_s > BUSY_WAIT_S or self._refused:
            periods -= 1
        self._factor = max(1.0, self._factor * _RELAX**periods)
        self._waits.clear()
        self._refused = False

    def _stretch(self, by: float) -> None:
        now = self._clock()
        if now >= self._held_until:
            self._held_until = now + HOLD_S
            self._factor = min(MAX_FACTOR, self._factor * by)
