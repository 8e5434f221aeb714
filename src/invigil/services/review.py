"""What humans decide about incidents, and the images they look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from invigil.clock import Clock
from invigil.domain.actor import Actor, Staff
from invigil.domain.agreement import is_proposal, opinions
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import INSTALLATION, Operation, authorize
from invigil.domain.errors import NeedsAnotherPerson, NotFound, NothingToUndo, NotYourDecision
from invigil.domain.incident import Decision, Evidence, Incident, ReviewDecision
from invigil.domain.message import Event, EventKind
from invigil.domain.precision import KindTally
from invigil.domain.secrets import new_id
from invigil.domain.session import ExamSession
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
        """Record a decision on top of earlier ones. Gives the incident and the name.

        The same once more by the same person changes nothing. Where a second reviewer is asked
        for, confirming is a proposal until another person confirms as well; raises
        `NeedsAnotherPerson` when the one who proposed tries to.
        """
        async with self._database.begin() as work:
            incident, session = await _to_decide(work, proctor, incident_id)
            now = _after(incident.decision, self._clock())
            fresh = ReviewDecision(
                new_id(), incident_id, decision, reason, proctor.name, now, by_id=proctor.person
            )
            if not session.second_reviewer and _same(incident.decision, fresh):
                return incident, await _name(work, incident)
            _require_another(incident, fresh, session)
            proposed = is_proposal(
                [*incident.opinions, fresh], second_reviewer=session.second_reviewer
            )
            await work.decisions.add(replace(fresh, proposed=proposed))
            stands = "proposed" if proposed else "final"
            _note(
                work,
                proctor,
                Action.INCIDENT_DECIDED,
                incident,
                now,
                decision=decision.value,
                stands=stands,
            )
            return await self._changed(work, incident_id)

    async def undo(self, proctor: Staff, incident_id: str) -> tuple[Incident, str]:
        """Take the newest decision back; with a second reviewer, one's own newest.

        Raises `NothingToUndo`; `NotYourDecision` where only others have decided.
        """
        async with self._database.begin() as work:
            incident, session = await _to_decide(work, proctor, incident_id)
            target = _to_undo(proctor, incident, session)
            now = self._clock()
            await work.decisions.undo(target.id, now)
            left = [each for each in incident.opinions if each.id != target.id]
            if left:
                proposed = is_proposal(left, second_reviewer=session.second_reviewer)
                await work.decisions.set_proposed(left[-1].id, proposed=proposed)
            _note(
                work,
                proctor,
                Action.DECISION_UNDONE,
                incident,
                now,
                decision=target.decision.value,
            )
            return await self._changed(work, incident_id)

    async def _changed(self, work: UnitOfWork, incident_id: str) -> tuple[Incident, str]:
        incident, _ = await _load(work, incident_id)
        work.events.note(
            Event(incident.session_id, EventKind.INCIDENT_CHANGED, incident_id, self._clock())
        )
        return incident, await _name(work, incident)

    async def tallies(self, actor: Actor) -> Sequence[KindTally]:
        """How people decided about each kind of incident, over this whole installation."""
        authorize(actor, Operation.PRECISION_READ, INSTALLATION)
        async with self._database.read() as work:
            return list((await work.decisions.tallies()).values())

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


async def _load(work: UnitOfWork, incident_id: str) -> tuple[Incident, ExamSession]:
    incident = await work.incidents.get(incident_id)
    session = await work.sessions.get(incident.session_id) if incident else None
    if incident is None or session is None:
        raise NotFound
    return incident, session


async def _to_decide(
    work: UnitOfWork, proctor: Staff, incident_id: str
) -> tuple[Incident, ExamSession]:
    authorize(proctor, Operation.INCIDENT_DECIDE, await work.incidents.get(incident_id))
    return await _load(work, incident_id)


async def _name(work: UnitOfWork, incident: Incident) -> str:
    names = await work.candidates.names(incident.session_id)
    return names[incident.candidate_id]


def _after(newest: ReviewDecision | None, now: datetime) -> datetime:
    """Later than the newest, though another server's clock may be ahead: the order decides."""
    return now if newest is None else max(now, newest.decided_at + timedelta(microseconds=1))


def _same(newest: ReviewDecision | None, fresh: ReviewDecision) -> bool:
    return newest is not None and (newest.by_id, newest.decision, newest.reason) == (
        fresh.by_id,
        fresh.decision,
        fresh.reason,
    )


def _require_another(incident: Incident, fresh: ReviewDecision, session: ExamSession) -> None:
    if not session.second_reviewer or fresh.decision is not Decision.CONFIRMED:
        return
    mine = opinions(incident.opinions).get(fresh.by_id or "")
    if mine is not None and mine.decision is Decision.CONFIRMED:
        raise NeedsAnotherPerson


def _to_undo(proctor: Staff, incident: Incident, session: ExamSession) -> ReviewDecision:
    """Where two people have to agree, nobody makes the other's disagreement go away."""
    theirs = [
        each
        for each in incident.opinions
        if each.by_id == proctor.person or not session.second_reviewer
    ]
    if not theirs:
        raise NotYourDecision if incident.opinions else NothingToUndo
    return theirs[-1]
