"""Runs of the server process, so that time without a server is known as such."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository


class RunRepository(Repository):
    async def start(self, run_id: str, at: datetime) -> None:
        await self._run(t.server_run.insert().values(id=run_id, started_at=at, last_beat_at=at))

    async def beat(self, run_id: str, at: datetime) -> None:
        await self._run(
            t.server_run.update().where(t.server_run.c.id == run_id).values(last_beat_at=at)
        )

    async def last_beat(self, *, besides: str | None = None) -> datetime | None:
        """When any server of this installation was last known to be there, but for one run."""
        statement = sa.select(sa.func.max(t.server_run.c.last_beat_at).label("at"))
        if besides is not None:
            statement = statement.where(t.server_run.c.id != besides)
        row = await self._one(statement)
        return row["at"] if row else None
