"""Time comes from one place, so that tests can move it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

MOST_AHEAD = timedelta(hours=1)
"""By so much a start may go on with the time of the run before it. More is no clock that was set
right, but one that was wrong by far, and would be believed for ever."""

_PACE = 0.9
_WORTH_A_WORD = timedelta(seconds=1)


def system_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


class SteadyClock:
    """The time by which an exam is recorded: that of `wall`, but it never runs backwards.

    When the machine's clock is set back, time goes on from where it was, at nine tenths of its
    pace until the other has caught up: what was stored before stays in the past, and frames go on
    to be judged by it. What is compared with other people's clocks is a matter for `wall`.
    `monotonic`: seconds that only go forward. Safe to call from several threads.
    """

    def __init__(
        self, wall: Clock = system_clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._now = wall()
        self._at = monotonic()
        self._ahead = False

    def __call__(self) -> datetime:
        with self._lock:
            at, wall = self._monotonic(), self.wall()
            slower = self._now + timedelta(seconds=(at - self._at) * _PACE)
            self._at, self._now = at, max(wall, slower)
            self._tell(self._now - wall)
            return self._now

    def not_before(self, moment: datetime) -> None:
        """Go on from `moment`, which the run before this one, or another server, has reached.

        Not where that is more than `MOST_AHEAD` in the future: then the clock is as it is.
        """
        with self._lock:
            wall = self.wall()
            if moment - wall > MOST_AHEAD:
                log.error(
                    "what is stored is of the future: see that the clock is right",
                    by_s=(moment - wall).total_seconds(),
                )
                return
            self._now = max(self._now, moment)

    def _tell(self, ahead: timedelta) -> None:
        if ahead > _WORTH_A_WORD and not self._ahead:
            log.warning(
                "the clock was set back: exams go on by the time before, a little slower, until "
                "it has caught up",
                by_s=round(ahead.total_seconds(), 1),
            )
            self._ahead = True
        elif not ahead:
            self._ahead = False
