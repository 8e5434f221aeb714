"""Messages between proctor and candidate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.message import Message, MessageKind, Sender
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository


class MessageRepository(Repository):
    async def add(self, message: Message) -> None:
        await self._run(
            t.message.insert().values(
                id=message.id,
                session_id=message.session_id,
                candidate_id=message.candidate_id,
                sender=message.sender.value,
                kind=message.kind.value,
                text=message.text,
                sent_at=message.sent_at,
            )
        )

    async def get(self, message_id: str) -> Message | None:
        row = await self._one(sa.select(t.message).where(t.message.c.id == message_id))
        return _message(row) if row else None

    async def of_candidate(self, candidate_id: str, most: int = 200) -> Sequence[Message]:
        """The newest `most`, newest last."""
        return await self._newest(t.message.c.candidate_id == candidate_id, most)

    async def of_session(self, session_id: str, most: int = 500) -> Sequence[Message]:
        """The newest `most`, newest last."""
        return await self._newest(t.message.c.session_id == session_id, most)

    async def page(
        self, session_id: str, *, before: Message | None = None, limit: int = 200
    ) -> Sequence[Message]:
        """Newest first, `limit` at most; `before` is the last one of the page before."""
        c = t.message.c
        asked = sa.select(t.message).where(c.session_id == session_id)
        if before is not None:
            earlier = sa.and_(c.sent_at == before.sent_at, c.id < before.id)
            asked = asked.where(sa.or_(c.sent_at < before.sent_at, earlier))
        rows = await self._all(asked.order_by(c.sent_at.desc(), c.id.desc()).limit(limit))
        return [_message(row) for row in rows]

    async def delete_before(self, session_id: str, before: datetime) -> int:
        return await self._run(
            t.message.delete().where(
                t.message.c.session_id == session_id, t.message.c.sent_at < before
            )
        )

    async def _newest(self, where: sa.ColumnElement[bool], most: int) -> list[Message]:
        rows = await self._all(
            sa.select(t.message)
            .where(where)
            .order_by(t.message.c.sent_at.desc(), t.message.c.id.desc())
            .limit(most)
        )
        return [_message(row) for row in reversed(rows)]


def _message(row: RowMapping) -> Message:
    return Message(
        id=row["id"],
        session_id=row["session_id"],
        candidate_id=row["candidate_id"],
        sender=Sender(row["sender"]),
        kind=MessageKind(row["kind"]),
        text=row["text"],
        sent_at=row["sent_at"],
    )
