"""How each candidate's face looked on the newest frame, until the next one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from invigil.domain.observation import TRACE_FRESH, Trace

_Kept = tuple[Trace, datetime]


class Traces:
    """In memory alone, and no longer than `TRACE_FRESH`: whoever is not known here is compared by
    features, as after a restart."""

    def __init__(self) -> None:
        self._known: dict[str, _Kept] = {}

    def keep(self, candidate_id: str, trace: Trace | None, received_at: datetime) -> None:
        """`trace`: of the frame received then, None when nobody was recognised by its features."""
        self._known.pop(candidate_id, None)
        if trace is not None:
            kept = self._known[candidate_id] = (trace, received_at)
            loop = asyncio.get_running_loop()
            loop.call_later(TRACE_FRESH.total_seconds(), self._forget, candidate_id, kept)

    def take(self, candidate_id: str, newest: datetime | None, now: datetime) -> Trace | None:
        """For one frame only: the next one finds none.

        `newest`: receipt of the candidate's newest frame, by whichever server. Only its trace
        counts, so that among several servers as well no second frame goes without features.
        """
        trace, received_at = self._known.pop(candidate_id, (None, now))
        fresh = timedelta(0) <= now - received_at <= TRACE_FRESH
        return trace if fresh and received_at == newest else None

    def _forget(self, candidate_id: str, kept: _Kept) -> None:
        if self._known.get(candidate_id) is kept:
            del self._known[candidate_id]
