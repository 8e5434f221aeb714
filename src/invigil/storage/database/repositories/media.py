"""Rooms of live video, and what providers told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository


@dataclass(frozen=True, slots=True)
class StoredRoom:
    """`candidate_id` None: the room of the whole session. `ref`: the provider's word for it."""

    session_id: str
    candidate_id: str | None
    provider: str
    ref: str


@dataclass(frozen=True, slots=True)
class StoredMediaEvent:
    """`event_id`: the provider's own, the same for a repetition. `kind`: of the port's words."""

    provider: str
    event_id: str
    session_id: str
    identity: str
    kind: str
    track: str | None
    at: datetime


class MediaRepository(Repository):
    async def room(self, session_id: str, candidate_id: str | None) -> StoredRoom | None:
        c = t.media_room.c
        row = await self._one(
            sa.select(t.media_room).where(
                c.session_id == session_id, c.candidate_id == (candidate_id or "")
            )
        )
        return _room(row) if row else None

    async def room_by_ref(self, provider: str, ref: str) -> StoredRoom | None:
        c = t.media_room.c
        row = await self._one(sa.select(t.media_room).where(c.provider == provider, c.ref == ref))
        return _room(row) if row else None

    async def rooms(self, session_id: str) -> Sequence[StoredRoom]:
        where = t.media_room.c.session_id == session_id
        return [_room(row) for row in await self._all(sa.select(t.media_room).where(where))]

    async def rooms_to_close(self) -> Sequence[StoredRoom]:
        """Rooms of closed sessions that no provider has confirmed as closed."""
        query = (
            sa.select(t.media_room)
            .join(t.exam_session, t.exam_session.c.id == t.media_room.c.session_id)
            .where(t.exam_session.c.closed_at.is_not(None))
        )
        return [_room(row) for row in await self._all(query)]

    async def add_room(self, room: StoredRoom, now: datetime) -> StoredRoom:
        """The room that counts from now on: this one, or what another server stored before.

        The caller holds the session alone.
        """
        known = await self.room(room.session_id, room.candidate_id)
        if known is not None:
            return known
        await self._run(
            t.media_room.insert().values(
                session_id=room.session_id,
                candidate_id=room.candidate_id or "",
                provider=room.provider,
                ref=room.ref,
                opened_at=now,
            )
        )
        return room

    async def delete_room(self, room: StoredRoom) -> None:
        c = t.media_room.c
        await self._run(
            t.media_room.delete().where(
                c.session_id == room.session_id,
                c.candidate_id == (room.candidate_id or ""),
                c.ref == room.ref,
            )
        )

    async def add_event(self, event: StoredMediaEvent) -> bool:
        """False for one that was stored before. The caller holds the session alone."""
        c = t.media_event.c
        known = sa.select(c.event_id).where(
            c.provider == event.provider, c.event_id == event.event_id
        )
        if await self._one(known) is not None:
            return False
        await self._run(
            t.media_event.insert().values(
                provider=event.provider,
                event_id=event.event_id,
                session_id=event.session_id,
                identity=event.identity,
                kind=event.kind,
                track=event.track,
                at=event.at,
            )
        )
        return True

    async def events(self, session_id: str) -> Sequence[StoredMediaEvent]:
        """Oldest first."""
        c = t.media_event.c
        rows = await self._all(
            sa.select(t.media_event).where(c.session_id == session_id).order_by(c.at, c.event_id)
        )
        return [StoredMediaEvent(**row) for row in rows]

    async def delete_before(self, session_id: str, before: datetime) -> int:
        c = t.media_event.c
        return await self._run(
            t.media_event.delete().where(c.session_id == session_id, c.at < before)
        )


def _room(row: RowMapping) -> StoredRoom:
    return StoredRoom(row["session_id"], row["candidate_id"] or None, row["provider"], row["ref"])
