"""What proctors do to candidates: pause, resume, take out, let in again, end.

Nothing else in the house leads into these states. Each act has a reason, is done once however
often a page asks for it, and of two people who act at once one is told of the other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from invigil.clock import Clock
from invigil.domain import acts
from invigil.domain.actor import Staff
from invigil.domain.acts import ActKind, CandidateAct
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.candidate import STOPPED, Candidate, CandidateState
from invigil.domain.errors import AlreadyDone, IllegalTransition, SessionClosed
from invigil.domain.incident import GapCause
from invigil.domain.secrets import new_id
from invigil.services.candidates import load, save
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner
from invigil.storage.incident_log import IncidentLog, close_all, end_gaps, open_gap

_ACTIONS = {
    ActKind.PAUSE: Action.CANDIDATE_PAUSED,
    ActKind.RESUME: Action.CANDIDATE_RESUMED,
    ActKind.REMOVE: Action.CANDIDATE_REMOVED,
    ActKind.READMIT: Action.CANDIDATE_READMITTED,
    ActKind.END: Action.CANDIDATE_ENDED,
}
_GAPS = {ActKind.PAUSE: GapCause.PAUSED, ActKind.REMOVE: GapCause.REMOVED}


class Acts:
    def __init__(self, database: Database, store: EvidenceStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._incidents = IncidentLog(store)

    async def act(
        self,
        proctor: Staff,
        candidate_id: str,
        kind: ActKind,
        reason: str,
        command: str | None = None,
    ) -> Candidate:
        """Do it, once.

        `command`: a word that a page makes up for this act and repeats when it asks again; the
        answer is then that of the first time. Raises `AlreadyDone` where somebody else was
        quicker, `IllegalTransition` where it is not possible, `SessionClosed`, `NotFound`.
        """
        async with self._database.begin() as work:
            authorize(proctor, Operation.CANDIDATE_ACT, await work.candidates.get(candidate_id))
            candidate, session = await load(work, candidate_id)
            if await self._done_before(work, proctor, candidate, kind, command):
                return candidate
            if session.closed:
                raise SessionClosed
            newest = await work.acts.newest(candidate_id)
            removal = await work.acts.newest(candidate_id, ActKind.REMOVE)
            done = CandidateAct(
                id=new_id(),
                session_id=candidate.session_id,
                candidate_id=candidate_id,
                kind=kind,
                reason=reason,
                by=proctor.name,
                by_id=proctor.person,
                at=_after(newest, self._clock()),
                before=candidate.state,
                after=acts.after(kind, candidate.state, removal.before if removal else None),
                command=command,
            )
            changed = await self._carry_out(work, candidate, done)
            await work.acts.add(done)
            self._note(work, proctor, done)
        if changed.state in STOPPED:
            await self._store.delete_still(Owner(candidate.session_id, candidate_id))
        return changed

    async def _done_before(
        self,
        work: UnitOfWork,
        proctor: Staff,
        candidate: Candidate,
        kind: ActKind,
        command: str | None,
    ) -> bool:
        """Whether the same was asked before; raises `AlreadyDone` where somebody else did it."""
        same = await work.acts.by_command(candidate.id, command) if command else None
        if same is not None:
            if same.kind is not kind or same.by_id != proctor.person:
                raise IllegalTransition(
                    "This command was used for another act.", fix="Send a new command."
                )
            return True
        newest = await work.acts.newest(candidate.id)
        if newest is None or newest.kind is not kind or newest.after is not candidate.state:
            return False
        if newest.by_id != proctor.person:
            raise AlreadyDone(
                f"{newest.by} has done that already, with the reason “{newest.reason}”."
            )
        return True

    async def _carry_out(
        self, work: UnitOfWork, candidate: Candidate, done: CandidateAct
    ) -> Candidate:
        now = done.at
        changed = replace(candidate, state=done.after, state_since=now, state_reason=None)
        if done.after in STOPPED:
            # Nothing that is open grows while nobody is watched, and the time is on record.
            await close_all(self._incidents, work, candidate, now)
            changed = replace(changed, state_reason=done.reason, has_still=False)
        if done.kind is ActKind.RESUME:
            changed = _watched_anew(changed, now)
            await end_gaps(work, candidate, now, now)
        if done.after is CandidateState.FINISHED:
            await work.templates.delete(candidate.id)
        if done.before in {CandidateState.IN_ROOM, CandidateState.PAUSED} and done.kind in _GAPS:
            await open_gap(work, candidate, now, _GAPS[done.kind], now)
        await save(work, changed, now)
        return changed

    def _note(self, work: UnitOfWork, proctor: Staff, done: CandidateAct) -> None:
        work.audit.note(
            Act(
                _ACTIONS[done.kind],
                actor_name(proctor),
                done.at,
                done.session_id,
                done.candidate_id,
                ref=done.id,
                detail={"from": done.before.value, "to": done.after.value},
            )
        )


def _after(newest: CandidateAct | None, now: datetime) -> datetime:
    """Later than the newest, though another server's clock may be ahead: the order decides."""
    return now if newest is None else max(now, newest.at + timedelta(microseconds=1))


def _watched_anew(candidate: Candidate, now: datetime) -> Candidate:
    """Frames are expected from now on; silence before this moment counts for nothing."""
    return replace(candidate, entered_at=now, last_frame_at=None)
