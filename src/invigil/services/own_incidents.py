"""What candidates see of the incidents that are about them, and what they answer.

Per session: never, after the end, or each incident after people have decided about it. Somebody
else's incident and one that does not exist look the same, and so does one that is not shown yet.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from invigil.clock import Clock
from invigil.domain.actor import CandidateActor
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import AnswerRefused, NotFound
from invigil.domain.incident import Answer, Incident
from invigil.domain.message import Event, EventKind
from invigil.domain.session import ExamSession, OwnIncidents
from invigil.services.candidates import load
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore

NOTED_AGAIN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """An incident that the candidate may see. `answer_until`: None where it is not to be answered
    any more, because it was or because it is too late."""

    incident: Incident
    answer_until: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """`ended`: whether the exam is over for the candidate; before that nothing is shown.
    `waiting`: how many incidents nobody has decided about and that are shown only after that."""

    setting: OwnIncidents
    ended: bool
    waiting: int
    incidents: Sequence[Shown]


class OwnIncidentsService:
    def __init__(self, database: Database, store: EvidenceStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def list(self, actor: CandidateActor) -> Listing:
        """What there is to see now; on record as seen, once a day or when there is more of it."""
        async with self._database.begin() as work:
            candidate, session = await load(work, actor.id)
            every = await work.incidents.of_candidate(actor.id)
            ended = _ended_at(candidate, session) is not None
            shown = [each for each in every if _visible(each, candidate, session)]
            if shown:
                viewed, now = Action.OWN_INCIDENTS_VIEWED, self._clock()
                await _note_view(work, actor, viewed, now, number=len(shown))
            waits = session.own_incidents is OwnIncidents.AFTER_REVIEW and ended
            return Listing(
                setting=session.own_incidents,
                ended=ended,
                waiting=len(every) - len(shown) if waits else 0,
                incidents=[self._shown(each, candidate, session) for each in shown],
            )

    async def evidence(self, actor: CandidateActor, incident_id: str, evidence_id: str) -> bytes:
        """One image of an incident that is shown. Raises `NotFound` for everything else."""
        async with self._database.read() as work:
            incident, _, _ = await self._visible(work, actor, incident_id)
        evidence = next((each for each in incident.evidence if each.id == evidence_id), None)
        if evidence is None:
            raise NotFound
        image = await self._store.get(evidence)

        async def note(work: UnitOfWork) -> None:
            viewed = Action.OWN_EVIDENCE_VIEWED
            await _note_view(work, actor, viewed, self._clock(), ref=evidence_id)

        await self._database.write(note)
        return image

    async def answer(self, actor: CandidateActor, incident_id: str, text: str) -> Shown:
        """Say something to an incident, once. The same text again changes nothing.

        Raises `NotFound`, or `AnswerRefused` when there is another answer or it is too late.
        """
        now = self._clock()
        async with self._database.begin() as work:
            incident, candidate, session = await self._visible(work, actor, incident_id)
            if incident.answer is not None:
                if incident.answer.text == text:
                    return self._shown(incident, candidate, session)
                raise AnswerRefused("You have answered this incident already.")
            if _answer_until(incident, candidate, session, now) is None:
                raise AnswerRefused("The time to answer this incident is over.")
            await work.decisions.add_answer(incident_id, Answer(text, now))
            work.events.note(
                Event(candidate.session_id, EventKind.INCIDENT_CHANGED, incident_id, now)
            )
            _note(work, actor, Action.INCIDENT_ANSWERED, now, ref=incident_id)
            answered = await work.incidents.get(incident_id)
        if answered is None:
            raise NotFound
        return self._shown(answered, candidate, session)

    async def _visible(
        self, work: UnitOfWork, actor: CandidateActor, incident_id: str
    ) -> tuple[Incident, Candidate, ExamSession]:
        candidate, session = await load(work, actor.id)
        incident = await work.incidents.get(incident_id)
        if (
            incident is None
            or incident.candidate_id != actor.id
            or not _visible(incident, candidate, session)
        ):
            raise NotFound
        return incident, candidate, session

    def _shown(self, incident: Incident, candidate: Candidate, session: ExamSession) -> Shown:
        until = None
        if incident.answer is None:
            until = _answer_until(incident, candidate, session, self._clock())
        return Shown(incident, until)


def _ended_at(candidate: Candidate, session: ExamSession) -> datetime | None:
    """When the exam was over for the candidate; None while it may still go on."""
    if candidate.state is CandidateState.FINISHED:
        # Records from before this was kept have only the session's end, or none.
        return candidate.state_since or session.closed_at or candidate.last_frame_at
    return session.closed_at


def _decided_at(incident: Incident) -> datetime | None:
    decision = incident.decision
    return None if decision is None or decision.proposed else decision.decided_at


def _visible(incident: Incident, candidate: Candidate, session: ExamSession) -> bool:
    if _ended_at(candidate, session) is None:
        return False
    match session.own_incidents:
        case OwnIncidents.NEVER:
            return False
        case OwnIncidents.AFTER_END:
            return True
        case OwnIncidents.AFTER_REVIEW:
            return _decided_at(incident) is not None


def _answer_until(
    incident: Incident, candidate: Candidate, session: ExamSession, now: datetime
) -> datetime | None:
    """Until when an answer is taken; counted from the end, or from a decision that came later."""
    ended = _ended_at(candidate, session)
    if ended is None:
        return None
    until = max(ended, _decided_at(incident) or ended) + timedelta(days=session.answer_days)
    return until if now < until else None


async def _note_view(
    work: UnitOfWork,
    actor: CandidateActor,
    action: Action,
    now: datetime,
    *,
    ref: str | None = None,
    **detail: int,
) -> None:
    """Nothing while the same is on record already: the log is never pruned."""
    last = await work.audit.last_about(action, actor.session_id, actor.id, ref)
    lately = last is not None and now - datetime.fromisoformat(last.at) < NOTED_AGAIN_AFTER
    if last is None or not lately or json.loads(last.detail) != detail:
        _note(work, actor, action, now, ref=ref, **detail)


def _note(
    work: UnitOfWork,
    actor: CandidateActor,
    action: Action,
    now: datetime,
    *,
    ref: str | None = None,
    **detail: int,
) -> None:
    name = actor_name(actor)
    work.audit.note(Act(action, name, now, actor.session_id, actor.id, ref=ref, detail=detail))
