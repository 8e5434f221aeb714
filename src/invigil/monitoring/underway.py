"""Frames that were received and are not answered yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from invigil.clock import Clock

MOST_OF_ONE = 2
"""Frames of one candidate that are looked at or wait for it at a time: a page sends the next one
when it has the answer, so that only somebody who sends many at once has more."""

_QUICK = timedelta(seconds=2)
_REMEMBERED = timedelta(minutes=10)


class Underway:
    """How many frames of each candidate this server has in hand, and when a slow one was answered.

    A page sends its next frame when it has the answer, so that time we take is never a silence of
    the candidate's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._answered: dict[str, datetime] = {}

    @contextmanager
    def frame(self, candidate_id: str) -> Iterator[None]:
        """Within this one frame of the candidate is in hand."""
        began = self._clock()
        self._counts[candidate_id] = self._counts.get(candidate_id, 0) + 1
        try:
            yield
        finally:
            others = self._counts.pop(candidate_id) - 1
            if others:
                self._counts[candidate_id] = others
            self._note(candidate_id, began, self._clock())

    def _note(self, candidate_id: str, began: datetime, now: datetime) -> None:
        self._answered.pop(candidate_id, None)
        if now - began > _QUICK:
            known = self._answered.items()
            self._answered = {who: at for who, at in known if now - at < _REMEMBERED}
            self._answered[candidate_id] = now

    def too_many(self, candidate_id: str) -> bool:
        return self._counts.get(candidate_id, 0) > MOST_OF_ONE

    def held_until(self, candidate_id: str, now: datetime) -> datetime | None:
        """Until when the candidate's page had to wait for us; None when it had not."""
        return now if candidate_id in self._counts else self._answered.get(candidate_id)
