"""Erase one candidate for good: the key first, then everything that it opened, then the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from invigil.clock import Clock
from invigil.domain.actor import Actor
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.candidate import SITTING, Candidate
from invigil.domain.errors import NotFound, OnHold, StillInRoom, Unavailable
from invigil.domain.message import Event, EventKind
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Erased:
    """What is gone. `rows`: by table. `later`: objects that could not be deleted yet because the
    store is away are noted, and nobody can read them any more. `wiped`: the database's files hold
    nothing of it either."""

    objects: int
    rows: Mapping[str, int]
    later: bool
    wiped: bool


class Erasure:
    def __init__(self, database: Database, store: EvidenceStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def erase(self, actor: Actor, candidate_id: str) -> Erased:
        """Safe to repeat after a crash: each step leaves the next ones to do.

        Raises `NotFound`, `OnHold`, or `StillInRoom` in the middle of an exam. The audit log
        keeps that somebody with this id was erased.
        """
        candidate, keys = await self._destroy_key(actor, candidate_id)
        owner = Owner(candidate.session_id, candidate_id)
        for key in keys:
            await self._store.delete(key)
        later = await self._sweep_objects(owner)
        rows = await self._delete_rows(actor, candidate, len(keys))
        # Once more: a picture that came in meanwhile found its key in the memory of a server.
        later = await self._sweep_objects(owner) or later
        wiped = await self._database.wipe()
        if not wiped:
            log.warning("the log of the database could not be emptied, somebody reads for long")
        return Erased(len(keys), rows, later, wiped)

    async def _destroy_key(self, actor: Actor, candidate_id: str) -> tuple[Candidate, list[str]]:
        """From the end of this on nobody can read what was sealed, wherever copies of it lie."""
        async with self._database.begin() as work:
            candidate = await self._erasable(work, actor, candidate_id)
            keys = await work.personal.object_keys(candidate_id)
            await work.keys.destroy(candidate_id)
            await work.templates.delete(candidate_id)
            now, by = self._clock(), actor_name(actor)
            work.audit.note(Act(Action.ERASURE_BEGUN, by, now, candidate.session_id, candidate_id))
        return candidate, keys

    async def _erasable(self, work: UnitOfWork, actor: Actor, candidate_id: str) -> Candidate:
        found = await work.candidates.session_of(candidate_id)
        session = await work.sessions.get_alone(found) if found else None
        candidate = await work.candidates.get(candidate_id)
        candidate = authorize(actor, Operation.CANDIDATE_ERASE, candidate)
        if session is None:
            raise NotFound
        if await work.holds.on(session.id, candidate_id):
            raise OnHold
        if candidate.state in SITTING and not session.closed:
            raise StillInRoom
        return candidate

    async def _sweep_objects(self, owner: Owner) -> bool:
        """Whether some of it has to wait for the store."""
        try:
            await self._store.delete_all_of(owner)
        except Unavailable:
            await self._store.delete_still(owner)
            return True
        return False

    async def _delete_rows(
        self, actor: Actor, candidate: Candidate, objects: int
    ) -> dict[str, int]:
        now = self._clock()
        async with self._database.begin() as work:
            # A hold that was set after the key was destroyed keeps what is left.
            await self._erasable(work, actor, candidate.id)
            await work.decisions.keep_tallies_of(candidate.id)
            rows = await work.personal.delete(candidate.id)
            act = Act(
                Action.CANDIDATE_ERASED,
                actor_name(actor),
                now,
                candidate.session_id,
                candidate.id,
                detail={"objects": objects, "rows": sum(rows.values())},
            )
            work.audit.note(act)
            work.events.note(
                Event(candidate.session_id, EventKind.SESSION_CHANGED, candidate.session_id, now)
            )
        return rows
