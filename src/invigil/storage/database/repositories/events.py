"""The event log of each session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from invigil.domain.message import Event, EventKind
from invigil.storage.database import tables as t
from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks
from invigil.storage.database.repositories.base import Repository


class EventRepository(Repository):
    def __init__(self, connection: Executes, locks: Locks) -> None:
        super().__init__(connection, locks)
        self.pending: list[Event] = []
        """Events of this transaction, told to the feed after the commit."""

    async def add(self, event: Event) -> Event:
        """Append, with the session's next number. Commits come in the order of the numbers,
        because the counter's row stays locked until then."""
        row = await self._exactly_one(
            t.exam_session.update()
            .where(t.exam_session.c.id == event.session_id)
            .values(event_seq=t.exam_session.c.event_seq + 1)
            .returning(t.exam_session.c.event_seq)
        )
        stored = replace(event, seq=row["event_seq"])
        await self._run(
            t.event.insert().values(
                session_id=stored.session_id,
                seq=stored.seq,
                kind=stored.kind.value,
                ref=stored.ref,
                candidate_id=stored.candidate_id,
                at=stored.at,
            )
        )
        self.pending.append(stored)
        return stored

    async def cursor(self, session_id: str) -> int:
        """The number of the newest event, 0 before the first."""
        row = await self._one(
            sa.select(t.exam_session.c.event_seq).where(t.exam_session.c.id == session_id)
        )
        return int(row["event_seq"]) if row else 0

    async def since(
        self, session_id: str, seq: int, candidate_id: str | None, most: int
    ) -> Sequence[Event]:
        """Events after `seq` for the proctors (None) or for one candidate, oldest first."""
        c = t.event.c
        rows = await self._all(
            sa.select(t.event)
            .where(
                c.session_id == session_id,
                c.seq > seq,
                c.candidate_id.is_(None)
                if candidate_id is None
                else c.candidate_id == candidate_id,
            )
            .order_by(c.seq)
            .limit(most)
        )
        return [
            Event(
                session_id=row["session_id"],
                kind=EventKind(row["kind"]),
                ref=row["ref"],
                at=row["at"],
                candidate_id=row["candidate_id"],
                seq=row["seq"],
            )
            for row in rows
        ]

    async def delete_before(self, session_id: str, before: datetime) -> int:
        return await self._run(
            t.event.delete().where(t.event.c.session_id == session_id, t.event.c.at < before)
        )
