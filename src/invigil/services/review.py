"""What humans decide about incidents, and the images they look at."""

from __future__ import annotations

from datetime import datetime

from invigil.clock import Clock
from invigil.domain.actor import Staff
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.errors import NotFound, NothingToUndo
from invigil.domain.incident import Decision, Evidence, Incident, ReviewDecision
from invigil.domain.message import Event, EventKind
from invigil.domain.secrets import new_id
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner


def _note(
    work: UnitOfWork,
    proctor: Staff,
    action: Action,
    incident: Incident,
    now: datetime,
    **detail: str,
) -> None:
    work.audit.note(
        Act(
            action,
            actor_name(proctor),
            now,
            session_id=incident.session_id,
            candidate_id=incident.candidate_id,
            ref=incident.id,
            detail={"kind": incident.kind.value, **detail},
        )
    )


class Review:
    def __init__(self, database: Database, store: EvidenceStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def decide(
        self, proctor: Staff, incident_id: str, decision: Decision, reason: str
    ) -> tuple[Incident, str]:
        """Record a decision on top of earlier ones. Gives the incident and the name."""
        now = self._clock()
        async with self._database.begin() as work:
            authorize(proctor, Operation.INCIDENT_DECIDE, await work.incidents.get(incident_id))
            await work.incidents.add_decision(
                ReviewDecision(new_id(), incident_id, decision, reason, proctor.name, now)
            )
            changed, name = await self._changed(work, incident_id)
            _note(work, proctor, Action.INCIDENT_DECIDED, changed, now, decision=decision.value)
            return changed, name

    async def undo(self, proctor: Staff, incident_id: str) -> tuple[Incident, str]:
        """Take the newest decision back. Raises `NothingToUndo`."""
        async with self._database.begin() as work:
            incident = authorize(
                proctor, Operation.INCIDENT_DECIDE, await work.incidents.get(incident_id)
            )
            if incident.decision is None:
                raise NothingToUndo
            now = self._clock()
            await work.incidents.undo_decision(incident.decision.id, now)
            changed, name = await self._changed(work, incident_id)
            undone = incident.decision.decision.value
            _note(work, proctor, Action.DECISION_UNDONE, changed, now, decision=undone)
            return changed, name

    async def _changed(self, work: UnitOfWork, incident_id: str) -> tuple[Incident, str]:
        incident = await work.incidents.get(incident_id)
        if incident is None:
            raise NotFound
        await work.events.add(
            Event(incident.session_id, EventKind.INCIDENT_CHANGED, incident_id, self._clock())
        )
        names = await work.candidates.names(incident.session_id)
        return incident, names[incident.candidate_id]

    async def evidence(self, proctor: Staff, evidence_id: str) -> tuple[Evidence, bytes]:
        async with self._database.read() as work:
            evidence = authorize(
                proctor, Operation.PICTURE_READ, await work.evidence.get(evidence_id)
            )
        image = await self._store.get(evidence)
        await self._note_view(proctor, Action.EVIDENCE_VIEWED, evidence)
        return evidence, image

    async def _note_view(self, proctor: Staff, action: Action, evidence: Evidence) -> None:
        """On record before anybody has seen it."""
        act = Act(
            action,
            actor_name(proctor),
            self._clock(),
            session_id=evidence.session_id,
            candidate_id=evidence.candidate_id,
            ref=evidence.id,
        )

        async def note(work: UnitOfWork) -> None:
            work.audit.note(act)

        await self._database.write(note)

    async def reference_photo(self, proctor: Staff, candidate_id: str) -> bytes:
        async with self._database.read() as work:
            candidate = authorize(
                proctor, Operation.PICTURE_READ, await work.candidates.get(candidate_id)
            )
            photo_id = candidate.reference_photo_id
            photo = await work.evidence.get(photo_id) if photo_id else None
        if photo is None:
            raise NotFound
        image = await self._store.get(photo)
        await self._note_view(proctor, Action.REFERENCE_PHOTO_VIEWED, photo)
        return image

    async def still(self, proctor: Staff, candidate_id: str) -> bytes:
        async with self._database.read() as work:
            candidate = authorize(
                proctor, Operation.PICTURE_READ, await work.candidates.get(candidate_id)
            )
        if not candidate.has_still:
            raise NotFound
        return await self._store.get_still(Owner(candidate.session_id, candidate.id))
