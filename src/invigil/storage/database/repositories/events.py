"""The event log of each session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from invigil.domain.message import Event, EventKind
from invigil.storage.database import tables as t
from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks
from invigil.storage.database.repositories.base import Repository

_NUMBERS = (
    t.exam_session.update()
    .where(t.exam_session.c.id == sa.bindparam("session"))
    .values(event_seq=t.exam_session.c.event_seq + sa.bindparam("count"))
    .returning(t.exam_session.c.event_seq)
)


class EventRepository(Repository):
    def __init__(self, connection: Executes, locks: Locks) -> None:
        super().__init__(connection, locks)
        self._noted: list[Event] = []
        self.pending: list[Event] = []
        """Events of this transaction with their numbers, told to the feed after the commit."""

    def note(self, event: Event) -> None:
        """Append to the log at the end of this transaction, and only if it succeeds."""
        self._noted.append(event)

    async def write(self) -> None:
        """Append what was noted, with the numbers that come next in each session. Called by
        whoever commits, when all but the audit log is written: commits come in the order of the
        numbers because the counter's row stays locked until then, and everybody with an event of
        the same session waits for it."""
        by_session: dict[str, list[Event]] = {}
        for event in self._noted:
            by_session.setdefault(event.session_id, []).append(event)
        self._noted.clear()
        for session_id, events in sorted(by_session.items()):
            row = await self._exactly_one(_NUMBERS, session=session_id, count=len(events))
            first = row["event_seq"] - len(events) + 1
            stored = [replace(each, seq=first + place) for place, each in enumerate(events)]
            await self._run(_insert(len(stored)), **_parameters(stored))
            self.pending += stored

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


@cache
def _insert(count: int) -> sa.TextClause:
    """All in one journey. As text, because an insert of several rows would be built each time."""
    names = [column.name for column in t.event.columns]
    rows = (f"({', '.join(f':{name}_{place}' for name in names)})" for place in range(count))
    types = [
        sa.bindparam(f"{column.name}_{place}", type_=column.type)
        for column in t.event.columns
        for place in range(count)
    ]
    statement = f"INSERT INTO event ({', '.join(names)}) VALUES {', '.join(rows)}"  # noqa: S608 - our own names
    return sa.text(statement).bindparams(*types)


def _parameters(events: Sequence[Event]) -> dict[str, object]:
    return {
        f"{name}_{place}": value
        for place, event in enumerate(events)
        for name, value in {
            "session_id": event.session_id,
            "seq": event.seq,
            "kind": event.kind.value,
            "ref": event.ref,
            "candidate_id": event.candidate_id,
            "at": event.at,
        }.items()
    }
