"""Legal holds: keep a session or a candidate from being deleted, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from invigil.clock import Clock
from invigil.domain.actor import Actor
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.errors import NotFound
from invigil.domain.hold import Hold
from invigil.domain.message import Event, EventKind
from invigil.domain.secrets import new_id
from invigil.storage.database import Database, UnitOfWork


class Holds:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def set(
        self, actor: Actor, session_id: str, candidate_id: str | None, reason: str
    ) -> Hold:
        """Keep the session, or one candidate of it. Raises `NotFound`."""
        now, by = self._clock(), actor_name(actor)
        hold = Hold(new_id(), session_id, candidate_id, reason, now, by)
        async with self._database.begin() as work:
            session = await work.sessions.get_alone(session_id)
            authorize(actor, Operation.HOLDS_MANAGE, session)
            if candidate_id is not None:
                candidate = await work.candidates.get(candidate_id)
                if candidate is None or candidate.session_id != session_id:
                    raise NotFound
            await work.holds.add(hold)
            work.audit.note(Act(Action.HOLD_SET, by, now, session_id, candidate_id, hold.id))
            await _tell(work, session_id, now)
        return hold

    async def set_on(self, actor: Actor, some_id: str, reason: str) -> Hold:
        """The same with the id of a session or of a candidate."""
        async with self._database.read() as work:
            candidate = await work.candidates.get(some_id)
        if candidate is None:
            return await self.set(actor, some_id, None, reason)
        return await self.set(actor, candidate.session_id, candidate.id, reason)

    async def release(self, actor: Actor, hold_id: str) -> Hold:
        """Let go; done already is fine. Raises `NotFound`."""
        now, by = self._clock(), actor_name(actor)
        async with self._database.begin() as work:
            hold = authorize(actor, Operation.HOLDS_MANAGE, await work.holds.get(hold_id))
            if not hold.active:
                return hold
            await work.sessions.get_alone(hold.session_id)
            await work.holds.release(hold_id, by, now)
            act = Act(Action.HOLD_RELEASED, by, now, hold.session_id, hold.candidate_id, hold.id)
            work.audit.note(act)
            await _tell(work, hold.session_id, now)
        return replace(hold, released_at=now, released_by=by)

    async def of_session(self, actor: Actor, session_id: str) -> Sequence[Hold]:
        """Those that are active, oldest first. Raises `NotFound`."""
        async with self._database.read() as work:
            authorize(actor, Operation.HOLDS_READ, await work.sessions.get(session_id))
            return await work.holds.active(session_id)

    async def active(self) -> Sequence[Hold]:
        """All of the installation, oldest first."""
        async with self._database.read() as work:
            return await work.holds.active()


async def _tell(work: UnitOfWork, session_id: str, now: datetime) -> None:
    """Consoles show whether there is a hold."""
    work.events.note(Event(session_id, EventKind.SESSION_CHANGED, session_id, now))
