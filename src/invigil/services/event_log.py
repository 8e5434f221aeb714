"""Reading the event log, and what its entries point at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from invigil.domain.errors import Unavailable
from invigil.domain.incident import Gap, Incident
from invigil.domain.message import Event, Message
from invigil.storage.database import Database, UnitOfWork

LATELY_S = 0.5

READY_WITHIN_S = 3.0
"""A database that does not answer by then is away, whatever becomes of the question."""


class EventLog:
    """Hundreds of pages ask at once: their reads share one view of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lately: dict[str, tuple[float, int]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def cursor(self, session_id: str) -> int:
        """The number of the session's newest event, 0 before the first."""
        return await self._database.fetch(lambda work: work.events.cursor(session_id))

    async def cursor_lately(self, session_id: str) -> int:
        """As `cursor`, of `LATELY_S` ago at most: hundreds of pages ask whether there is anything
        new, and one look answers them all."""
        now = time.monotonic()
        at, cursor = self._lately.get(session_id, (-LATELY_S, 0))
        if now - at >= LATELY_S:
            # Others need not wait for it: what they are told is hardly older.
            self._lately[session_id] = (now, cursor)
            cursor = await self.cursor(session_id)
            self._lately[session_id] = (now, cursor)
            self._forget(now)
        return cursor

    def _forget(self, now: float) -> None:
        for session_id, (at, _) in tuple(self._lately.items()):
            if now - at > 120 * LATELY_S:
                del self._lately[session_id]

    async def since(
        self, session_id: str, seq: int, candidate_id: str | None, most: int
    ) -> Sequence[Event]:
        """Events after `seq` for the proctors (None) or for one candidate, oldest first."""
        return await self._database.fetch(
            lambda work: work.events.since(session_id, seq, candidate_id, most)
        )

    async def incident(self, incident_id: str) -> tuple[Incident, str] | None:
        """The incident and the candidate's name, None when it is gone."""

        async def read(work: UnitOfWork) -> tuple[Incident, str] | None:
            incident = await work.incidents.get(incident_id)
            if incident is None:
                return None
            candidate = await work.candidates.get(incident.candidate_id)
            return None if candidate is None else (incident, candidate.name)

        return await self._database.fetch(read)

    async def message(self, message_id: str) -> Message | None:
        return await self._database.fetch(lambda work: work.messages.get(message_id))

    async def gap(self, gap_id: str) -> Gap | None:
        return await self._database.fetch(lambda work: work.incidents.gap(gap_id))

    async def ready(self) -> None:
        """Raise `Unavailable` or `RuntimeError` unless the database answers.

        One question at a time: a database that hangs would otherwise keep a connection for each.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._database.check())
        asking = self._asking
        done, _ = await asyncio.wait({asking}, timeout=READY_WITHIN_S)
        if not done:
            asking.add_done_callback(_heard)
            raise Unavailable
        asking.result()


def _heard(asked: asyncio.Task[None]) -> None:
    """Whoever asked is gone: what came of it is nobody's any more."""
    if not asked.cancelled():
        asked.exception()
