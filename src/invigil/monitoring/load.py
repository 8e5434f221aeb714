"""How busy the analysis is, and what that means for everybody's interval."""

from __future__ import annotations

from invigil.domain.errors import Unavailable

QUEUE_PER_WORKER = 16
"""Pictures that may wait for each worker; at 25 ms a picture the last one waits 0.4 s."""

BUSY_WAIT_S = 0.25
"""From this mean wait on, intervals are stretched."""

MAX_FACTOR = 6.0
_SMOOTHING = 0.2
_STRETCH = 1.25
_RELAX = 0.97


class NotAnalysed(Unavailable):
    """The picture was not looked at: no room in the queue, or a worker that died or hung.

    The frame pipeline turns it into a longer interval, never into an error or an incident.
    """


class Load:
    """Stretches intervals while pictures wait too long, and relaxes them afterwards."""

    def __init__(self) -> None:
        self._mean_wait_s = 0.0
        self._factor = 1.0

    @property
    def interval_factor(self) -> float:
        """By how much every candidate's interval is stretched, 1 to `MAX_FACTOR`."""
        return self._factor

    def refused(self) -> None:
        """A picture found the queue full."""
        self._factor = min(MAX_FACTOR, self._factor * _STRETCH)

    def waited(self, seconds: float) -> None:
        """A picture waited so long for a worker."""
        self._mean_wait_s += _SMOOTHING * (seconds - self._mean_wait_s)
        if self._mean_wait_s > BUSY_WAIT_S:
            self._factor = min(MAX_FACTOR, self._factor * _STRETCH)
        else:
            self._factor = max(1.0, self._factor * _RELAX)
