"""How each candidate's face looked a moment ago, until the next frame."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from invigil.domain.observation import Trace

FRESH = timedelta(seconds=10)
"""Longer ago, somebody else may sit there in the same light: then features are compared."""


class Traces:
    """In memory alone: whoever is not known here is compared by features, as after a restart."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Trace, datetime]] = OrderedDict()

    def keep(self, candidate_id: str, trace: Trace | None, now: datetime) -> None:
        """`trace`: of the frame received at `now`, None when nobody was recognised by it."""
        self._known.pop(candidate_id, None)
        if trace is not None:
            self._known[candidate_id] = (trace, now)
        while self._known and now - next(iter(self._known.values()))[1] > FRESH:
            self._known.popitem(last=False)

    def take(self, candidate_id: str, now: datetime) -> Trace | None:
        """For one frame only: the next one finds none."""
        trace, at = self._known.pop(candidate_id, (None, now))
        return trace if now - at <= FRESH else None
