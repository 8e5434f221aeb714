"""Exam sessions: open one, hand out its join link, close it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from invigil.clock import Clock
from invigil.domain.actor import Actor
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import INSTALLATION, Operation, authorize, readable_sessions
from invigil.domain.candidate import SITTING, Candidate, CandidateState
from invigil.domain.errors import InvalidRequest, InvitedOnly, JoinLinkUnknown, NotFound
from invigil.domain.incident import Gap, Incident, ObservationRecord
from invigil.domain.message import Event, EventKind, Message
from invigil.domain.names import removed_before
from invigil.domain.observation import TemplateKind
from invigil.domain.secrets import hash_token, new_id, same, sign
from invigil.domain.session import ExamSession, OwnIncidents, SessionCounts
from invigil.meetings import Meetings
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner
from invigil.storage.incident_log import IncidentLog, close_all

SNAPSHOT_INCIDENTS = 200


@dataclass(frozen=True, slots=True)
class NewSession:
    """`provider` None: the installation's own choice."""

    title: str
    sampling_interval_s: int = 5
    retention_days: int = 30
    exam_url: str | None = None
    report_repeats: bool = True
    provider: str | None = None
    """None: the installation's own choice."""
    second_reviewer: bool = False
    own_incidents: OwnIncidents = OwnIncidents.NEVER
    answer_days: int = 7
    invited_only: bool = False
    face_matching: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a console shows of one session, and the number of the newest event in it.

    `removed_before`: of each candidate, `domain.names`.
    """

    session: ExamSession
    counts: SessionCounts
    candidates: Sequence[Candidate]
    removed_before: dict[str, datetime | None]
    templates: dict[str, frozenset[TemplateKind]]
    observations: dict[str, ObservationRecord]
    incidents: Sequence[Incident]
    more_incidents: bool
    messages: Sequence[Message]
    gaps: Sequence[Gap]
    cursor: int


class Sessions:
    def __init__(
        self,
        database: Database,
        store: EvidenceStore,
        clock: Clock,
        key: bytes,
        meetings: Meetings,
    ) -> None:
        self._database = database
        self._meetings = meetings
        self._store = store
        self._clock = clock
        self._key = key
        self._incidents = IncidentLog(store)

    async def create(self, new: NewSession, by: str, *, admin_id: str | None = None) -> ExamSession:
        """Open a session.

        `by`: who does, for the audit log. `admin_id`: the secret of the classic API's host, kept
        as a hash. Raises `InvalidRequest` for a provider of live video that is not set up.
        """
        provider = new.provider or self._meetings.default
        if self._meetings.find(provider) is None:
            raise InvalidRequest(
                "provider: this provider of live video is not set up here.",
                fix="Choose one that GET /api/v1/media lists.",
                fields={"provider": "This is not set up here."},
            )
        session = ExamSession(
            id=new_id(),
            title=new.title,
            sampling_interval_s=new.sampling_interval_s,
            retention_days=new.retention_days,
            exam_url=new.exam_url,
            created_at=self._clock(),
            admin_hash=None if admin_id is None else hash_token(admin_id),
            provider=provider,
            report_repeats=new.report_repeats,
            second_reviewer=new.second_reviewer,
            own_incidents=new.own_incidents,
            answer_days=new.answer_days,
            invited_only=new.invited_only,
            face_matching=new.face_matching,
        )
        async with self._database.begin() as work:
            await work.sessions.add(session)
            detail = {
                "sampling_interval_s": session.sampling_interval_s,
                "retention_days": session.retention_days,
                "report_repeats": int(session.report_repeats),
                "invited_only": int(session.invited_only),
                "face_matching": int(session.face_matching),
            }
            work.audit.note(
                Act(Action.SESSION_CREATED, by, session.created_at, session.id, detail=detail)
            )
        return session

    async def open_by(self, actor: Actor, new: NewSession) -> ExamSession:
        """Open a session for somebody who asks for it. Raises as `create`."""
        authorize(actor, Operation.SESSION_CREATE, INSTALLATION)
        return await self.create(new, actor_name(actor))

    async def all(self, actor: Actor) -> list[tuple[ExamSession, SessionCounts]]:
        """Those that the actor may read, newest first."""
        authorize(actor, Operation.SESSION_LIST, INSTALLATION)
        async with self._database.read() as work:
            found = await work.sessions.all(readable_sessions(actor))
            return [(s, await work.sessions.counts(s.id)) for s in found]

    async def read(self, actor: Actor, session_id: str) -> tuple[ExamSession, SessionCounts]:
        async with self._database.read() as work:
            session = authorize(actor, Operation.SESSION_READ, await work.sessions.get(session_id))
            return session, await work.sessions.counts(session_id)

    async def get(self, session_id: str) -> tuple[ExamSession, SessionCounts]:
        """For the server itself; whoever asks from outside goes by `read`."""
        async with self._database.read() as work:
            session = await _existing(work, session_id)
            return session, await work.sessions.counts(session_id)

    def join_code(self, session: ExamSession) -> str:
        """The secret part of the join link. It is derived, so that nothing needs to be stored."""
        signature = sign(self._key, "join", session.id, session.join_generation)
        return f"{session.id}.{signature}"

    async def by_join_code(self, code: str) -> ExamSession:
        """Raises `JoinLinkUnknown`, or `InvitedOnly` where the link lets nobody in."""
        async with self._database.read() as work:
            session = await work.sessions.get(code.partition(".")[0])
        if session is None or not same(self.join_code(session), code):
            raise JoinLinkUnknown
        if session.invited_only and not session.closed:
            raise InvitedOnly
        return session

    async def close(self, actor: Actor, session_id: str) -> ExamSession:
        """End the session for everybody; done already is fine.

        That it is closed comes first and is quick, so that nobody waits for hundreds; then one
        candidate after another is finished. A server that dies in between finishes them later.
        """
        session, fresh = await self._note_closed(actor, session_id)
        async with self._database.read() as work:
            candidates = await work.candidates.of_session(session_id)
        for candidate in candidates:
            await self._finish(session, candidate.id, tell=fresh)
        if fresh:
            await self._database.write(lambda work: self._tell(work, session))
        return session

    async def finish_closed(self) -> None:
        """Finish whoever a server that died has left in a session that is closed."""
        async with self._database.read() as work:
            left = await work.candidates.unfinished()
            sessions = {each.session_id: await work.sessions.get(each.session_id) for each in left}
        for candidate in left:
            if session := sessions[candidate.session_id]:
                await self._finish(session, candidate.id, tell=True)

    async def _note_closed(self, actor: Actor, session_id: str) -> tuple[ExamSession, bool]:
        """The closed session, and whether it was open before."""
        now = self._clock()
        async with self._database.begin() as work:
            session = authorize(
                actor, Operation.SESSION_CLOSE, await work.sessions.get_alone(session_id)
            )
            if session.closed:
                return session, False
            closed = replace(session, closed_at=now)
            await work.sessions.close(session_id, now)
            work.audit.note(Act(Action.SESSION_CLOSED, actor_name(actor), now, session_id))
            await self._tell(work, closed)
        return closed, True

    async def _tell(self, work: UnitOfWork, session: ExamSession) -> None:
        """Tell the consoles of the session as it is now."""
        at = session.closed_at or self._clock()
        work.events.note(Event(session.id, EventKind.SESSION_CHANGED, session.id, at))

    async def _finish(self, session: ExamSession, candidate_id: str, *, tell: bool) -> None:
        """Finish one candidate; done already is fine. `tell`: the candidate's page, in any case."""

        async def unit(work: UnitOfWork) -> bool:
            candidate = await work.candidates.get(candidate_id)
            if candidate is None:
                return False
            templates = await work.templates.delete(candidate_id)
            left = candidate.has_still or candidate.state in SITTING
            if left or templates:
                await self._take_out(work, session, candidate)
            if left or templates or tell:
                at = session.closed_at or self._clock()
                work.events.note(
                    Event(session.id, EventKind.SESSION_CHANGED, session.id, at, candidate_id)
                )
            return left

        if await self._database.write(unit):
            await self._store.delete_still(Owner(session.id, candidate_id))

    async def _take_out(self, work: UnitOfWork, session: ExamSession, candidate: Candidate) -> None:
        # A frame that was under way when the session closed may be a little younger.
        ends = [each for each in (session.closed_at, candidate.last_frame_at) if each]
        at = max(ends, default=self._clock())
        await close_all(self._incidents, work, candidate, at)
        done = replace(candidate, has_still=False)
        if candidate.state in SITTING:
            done = replace(done, state=CandidateState.FINISHED, state_since=at, state_reason=None)
        await work.candidates.save(done)
        work.events.note(Event(session.id, EventKind.CANDIDATE_CHANGED, candidate.id, at))

    async def snapshot(self, actor: Actor, session_id: str) -> Snapshot:
        """One consistent view."""
        async with self._database.read() as work:
            session = authorize(actor, Operation.SESSION_READ, await work.sessions.get(session_id))
            incidents = await work.incidents.page(session_id, limit=SNAPSHOT_INCIDENTS + 1)
            candidates = await work.candidates.of_session(session_id)
            removed = [each for each in candidates if each.state is CandidateState.REMOVED]
            return Snapshot(
                session=session,
                counts=await work.sessions.counts(session_id),
                candidates=candidates,
                removed_before={each.id: removed_before(each, removed) for each in candidates},
                templates=await work.templates.kinds(session_id),
                observations=await work.observations.newest(session_id),
                incidents=incidents[:SNAPSHOT_INCIDENTS],
                more_incidents=len(incidents) > SNAPSHOT_INCIDENTS,
                messages=await work.messages.of_session(session_id),
                gaps=await work.incidents.gaps(session_id),
                cursor=await work.events.cursor(session_id),
            )

    async def candidate(
        self, candidate_id: str
    ) -> tuple[Candidate, ObservationRecord | None, frozenset[TemplateKind], datetime | None]:
        """One candidate with the newest observation, the kinds of template there are, and when
        somebody of the same name was removed before.

        For the server itself, after the use case that was asked for has authorised it.
        """
        async with self._database.read() as work:
            candidate = await work.candidates.get(candidate_id)
            if candidate is None:
                raise NotFound
            newest = await work.observations.recent(candidate_id, candidate.joined_at, most=1)
            kinds = await work.templates.kinds_of(candidate_id)
            removed = await work.candidates.removed(candidate.session_id)
        before = removed_before(candidate, removed)
        return candidate, newest[-1] if newest else None, kinds, before

    async def observations(
        self, actor: Actor, candidate_id: str, after: str | None, limit: int
    ) -> tuple[Sequence[ObservationRecord], bool]:
        """A page of what was observed of a candidate, oldest first, and whether there is more."""
        async with self._database.read() as work:
            authorize(actor, Operation.SESSION_READ, await work.candidates.get(candidate_id))
            last = await work.observations.get(candidate_id, after) if after else None
            if after and last is None:
                raise NotFound
            found = await work.observations.page(candidate_id, last, limit + 1)
        return found[:limit], len(found) > limit

    async def incidents(
        self, actor: Actor, session_id: str, before: str | None, limit: int
    ) -> tuple[Sequence[Incident], bool, dict[str, str]]:
        """A page of older incidents, whether there are more, and the candidates' names."""
        async with self._database.read() as work:
            authorize(actor, Operation.SESSION_READ, await work.sessions.get(session_id))
            last = await work.incidents.get(before) if before else None
            if before and (last is None or last.session_id != session_id):
                raise NotFound
            found = await work.incidents.page(session_id, before=last, limit=limit + 1)
            names = await work.candidates.names(session_id)
        return found[:limit], len(found) > limit, names


async def _existing(work: UnitOfWork, session_id: str) -> ExamSession:
    session = await work.sessions.get(session_id)
    if session is None:
        raise NotFound
    return session
