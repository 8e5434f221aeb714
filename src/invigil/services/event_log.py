"""Reading the event log, and what its entries point at."""

from __future__ import annotations

from collections.abc import Sequence

from invigil.domain.incident import Gap, Incident
from invigil.domain.message import Event, Message
from invigil.storage.database import Database


class EventLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def cursor(self, session_id: str) -> int:
        """The number of the session's newest event, 0 before the first."""
        async with self._database.read() as work:
            return await work.events.cursor(session_id)

    async def since(
        self, session_id: str, seq: int, candidate_id: str | None, most: int
    ) -> Sequence[Event]:
        """Events after `seq` for the proctors (None) or for one candidate, oldest first."""
        async with self._database.read() as work:
            return await work.events.since(session_id, seq, candidate_id, most)

    async def incident(self, incident_id: str) -> tuple[Incident, str] | None:
        """The incident and the candidate's name, None when it is gone."""
        async with self._database.read() as work:
            incident = await work.incidents.get(incident_id)
            if incident is None:
                return None
            candidate = await work.candidates.get(incident.candidate_id)
        return None if candidate is None else (incident, candidate.name)

    async def message(self, message_id: str) -> Message | None:
        async with self._database.read() as work:
            return await work.messages.get(message_id)

    async def gap(self, gap_id: str) -> Gap | None:
        async with self._database.read() as work:
            return await work.incidents.gap(gap_id)

    async def ready(self) -> None:
        """Raise `Unavailable` or `RuntimeError` unless the database answers."""
        await self._database.check()
