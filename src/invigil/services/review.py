"""What humans decide about incidents, and the images they look at."""

from __future__ import annotations

from invigil.clock import Clock
from invigil.domain.actor import Proctor
from invigil.domain.errors import NotFound, NothingToUndo
from invigil.domain.incident import Decision, Evidence, Incident, ReviewDecision
from invigil.domain.message import Event, EventKind
from invigil.domain.secrets import new_id
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner


class Review:
    def __init__(self, database: Database, store: EvidenceStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def decide(
        self, proctor: Proctor, incident_id: str, decision: Decision, reason: str
    ) -> tuple[Incident, str]:
        """Record a decision on top of earlier ones. Gives the incident and the name."""
        now = self._clock()
        async with self._database.begin() as work:
            if await work.incidents.get(incident_id) is None:
                raise NotFound
            await work.incidents.add_decision(
                ReviewDecision(new_id(), incident_id, decision, reason, proctor.name, now)
            )
            return await self._changed(work, incident_id)

    async def undo(self, incident_id: str) -> tuple[Incident, str]:
        """Take the newest decision back. Raises `NothingToUndo`."""
        async with self._database.begin() as work:
            incident = await work.incidents.get(incident_id)
            if incident is None:
                raise NotFound
            if incident.decision is None:
                raise NothingToUndo
            await work.incidents.undo_decision(incident.decision.id, self._clock())
            return await self._changed(work, incident_id)

    async def _changed(self, work: UnitOfWork, incident_id: str) -> tuple[Incident, str]:
        incident = await work.incidents.get(incident_id)
        if incident is None:
            raise NotFound
        await work.events.add(
            Event(incident.session_id, EventKind.INCIDENT_CHANGED, incident_id, self._clock())
        )
        names = await work.candidates.names(incident.session_id)
        return incident, names[incident.candidate_id]

    async def evidence(self, evidence_id: str) -> tuple[Evidence, bytes]:
        async with self._database.read() as work:
            evidence = await work.evidence.get(evidence_id)
        if evidence is None:
            raise NotFound
        return evidence, await self._store.get(evidence)

    async def reference_photo(self, candidate_id: str) -> bytes:
        async with self._database.read() as work:
            candidate = await work.candidates.get(candidate_id)
            photo_id = candidate.reference_photo_id if candidate else None
            photo = await work.evidence.get(photo_id) if photo_id else None
        if photo is None:
            raise NotFound
        return await self._store.get(photo)

    async def still(self, candidate_id: str) -> bytes:
        async with self._database.read() as work:
            candidate = await work.candidates.get(candidate_id)
        if candidate is None or not candidate.has_still:
            raise NotFound
        return await self._store.get_still(Owner(candidate.session_id, candidate.id))
