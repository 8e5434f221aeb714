"""Legal holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from invigil.domain.hold import Hold
from invigil.storage.database.repositories.base import Repository
from invigil.storage.database.tables_bundle import legal_hold

_C = legal_hold.c
_ACTIVE = _C.released_at.is_(None)


class HoldRepository(Repository):
    async def add(self, hold: Hold) -> None:
        await self._run(legal_hold.insert().values(**asdict(hold)))

    async def release(self, hold_id: str, by: str, at: datetime) -> None:
        await self._run(
            legal_hold.update()
            .where(_C.id == hold_id, _ACTIVE)
            .values(released_at=at, released_by=by)
        )

    async def get(self, hold_id: str) -> Hold | None:
        row = await self._one(sa.select(legal_hold).where(_C.id == hold_id))
        return Hold(**row) if row else None

    async def active(self, session_id: str | None = None) -> Sequence[Hold]:
        """Those that hold now, oldest first; of one session, or of all."""
        where = [_ACTIVE] if session_id is None else [_ACTIVE, _C.session_id == session_id]
        rows = await self._all(sa.select(legal_hold).where(*where).order_by(_C.set_at, _C.id))
        return [Hold(**row) for row in rows]

    async def on(self, session_id: str, candidate_id: str) -> Sequence[Hold]:
        """Those that keep this candidate: its own, and those of the whole session."""
        found = await self.active(session_id)
        return [hold for hold in found if hold.candidate_id in {None, candidate_id}]
