"""Words between the proctor and a candidate. They go to no other candidate."""

from __future__ import annotations

from collections.abc import Sequence

from invigil.clock import Clock
from invigil.domain.actor import Actor, Staff
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import (
    CandidateFinished,
    CandidateRemoved,
    NotFound,
    Removed,
    SessionClosed,
)
from invigil.domain.message import Event, EventKind, Message, MessageKind, Sender
from invigil.domain.secrets import new_id
from invigil.services.candidates import load_open
from invigil.storage.database import Database, UnitOfWork


class Messages:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_candidate(self, candidate_id: str) -> tuple[Message, ...]:
        """Newest last."""
        async with self._database.read() as work:
            return tuple(await work.messages.of_candidate(candidate_id))

    async def of_session(
        self, actor: Actor, session_id: str, before: str | None, limit: int
    ) -> tuple[Sequence[Message], bool]:
        """A page, newest first, and whether there are more. Raises `NotFound`."""
        async with self._database.read() as work:
            authorize(actor, Operation.SESSION_READ, await work.sessions.get(session_id))
            last = await work.messages.get(before) if before else None
            if before and (last is None or last.session_id != session_id):
                raise NotFound
            found = await work.messages.page(session_id, before=last, limit=limit + 1)
        return found[:limit], len(found) > limit

    async def from_proctor(
        self, proctor: Staff, candidate_id: str, kind: MessageKind, text: str
    ) -> Message:
        """Raises `CandidateFinished`, `CandidateRemoved` or `SessionClosed` where nobody would
        read it."""
        async with self._database.begin() as work:
            authorize(proctor, Operation.MESSAGE_SEND, await work.candidates.get(candidate_id))
            candidate, _ = await load_open(work, candidate_id)
            if candidate.state is CandidateState.FINISHED:
                raise CandidateFinished
            if candidate.state is CandidateState.REMOVED:
                raise CandidateRemoved
            self._note(work, proctor, kind, candidate.session_id, candidate.id)
            return await self._add(work, candidate, Sender.PROCTOR, kind, text)

    async def from_candidate(self, candidate_id: str, text: str) -> Message:
        async with self._database.begin() as work:
            candidate, _ = await load_open(work, candidate_id)
            if candidate.state is CandidateState.REMOVED:
                raise Removed
            return await self._add(work, candidate, Sender.CANDIDATE, MessageKind.MESSAGE, text)

    async def to_all(
        self, proctor: Staff, session_id: str, kind: MessageKind, text: str
    ) -> list[Message]:
        """To everybody who has joined and has not finished. Raises `SessionClosed`."""
        async with self._database.begin() as work:
            session = authorize(
                proctor, Operation.MESSAGE_SEND, await work.sessions.get(session_id)
            )
            if session.closed:
                raise SessionClosed
            self._note(work, proctor, kind, session_id, None)
            return [
                await self._add(work, candidate, Sender.PROCTOR, kind, text)
                for candidate in await work.candidates.of_session(session_id)
                if candidate.state not in {CandidateState.REMOVED, CandidateState.FINISHED}
            ]

    def _note(
        self,
        work: UnitOfWork,
        proctor: Staff,
        kind: MessageKind,
        session_id: str,
        candidate_id: str | None,
    ) -> None:
        action = Action.WARNING_SENT if kind is MessageKind.WARNING else Action.MESSAGE_SENT
        work.audit.note(Act(action, actor_name(proctor), self._clock(), session_id, candidate_id))

    async def _add(
        self,
        work: UnitOfWork,
        candidate: Candidate,
        sender: Sender,
        kind: MessageKind,
        text: str,
    ) -> Message:
        now = self._clock()
        message = Message(new_id(), candidate.session_id, candidate.id, sender, kind, text, now)
        await work.messages.add(message)
        for audience in (None, candidate.id):
            work.events.note(
                Event(candidate.session_id, EventKind.MESSAGE, message.id, now, audience)
            )
        return message
