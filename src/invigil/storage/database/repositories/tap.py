"""Looks of the server at live video: how alike, no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from invigil.domain.tap import TapLook
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository


class TapRepository(Repository):
    async def add(self, candidate_id: str, look: TapLook) -> None:
        await self._run(
            t.tap_look.insert().values(
                id=look.id, candidate_id=candidate_id, at=look.at, similarity=look.similarity
            )
        )

    async def recent(self, candidate_id: str, since: datetime) -> Sequence[TapLook]:
        """Newest last."""
        c = t.tap_look.c
        rows = await self._all(
            sa.select(c.id, c.at, c.similarity)
            .where(c.candidate_id == candidate_id, c.at >= since)
            .order_by(c.at, c.id)
        )
        return [TapLook(**row) for row in rows]

    async def delete_before(self, session_id: str, before: datetime) -> int:
        c = t.tap_look.c
        mine = sa.select(t.candidate.c.id).where(t.candidate.c.session_id == session_id)
        return await self._run(t.tap_look.delete().where(c.candidate_id.in_(mine), c.at < before))
