"""The keys of candidates. They leave storage only as a `CandidateKey`, which shows nothing."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from invigil.storage.database import tables as t
from invigil.storage.database.repositories.sealing import (
    KEYS,
    SealingRepository,
    bound_to,
    owner,
    wrapped,
)

AT_ONCE = 500


class KeyRepository(SealingRepository):
    async def add(self, session_id: str, candidate_id: str) -> None:
        """A fresh key for a new candidate."""
        made = self.vault.new_key(bound_to(session_id, candidate_id))
        await self._run(
            t.candidate_key.insert().values(
                candidate_id=candidate_id, master=made.master, wrapped=made.wrapped
            )
        )

    async def destroy(self, candidate_id: str) -> None:
        """After this nobody can read what was sealed with it."""
        await self._run(
            t.candidate_key.delete().where(t.candidate_key.c.candidate_id == candidate_id)
        )

    async def masters(self) -> frozenset[str]:
        """Ids of the master keys that are in use."""
        rows = await self._all(sa.select(t.candidate_key.c.master).distinct())
        return frozenset(row["master"] for row in rows)

    async def rewrap(self) -> int:
        """Wrap some keys anew that are not under the newest master key; how many there were."""
        rows = await self._all(
            KEYS.where(t.candidate_key.c.master != self.vault.newest)
            .order_by(t.candidate_key.c.candidate_id)
            .limit(AT_ONCE)
        )
        for row in rows:
            made = self.vault.rewrap(wrapped(row), owner(row))
            await self._run(
                t.candidate_key.update()
                .where(t.candidate_key.c.candidate_id == row["candidate_id"])
                .values(master=made.master, wrapped=made.wrapped)
            )
        return len(rows)

    async def keyless(self) -> Sequence[tuple[str, str]]:
        """Session and candidate of some who joined before there were keys."""
        rows = await self._all(
            sa.select(t.candidate.c.session_id, t.candidate.c.id)
            .outerjoin(t.candidate_key)
            .where(t.candidate_key.c.candidate_id.is_(None))
            .limit(AT_ONCE)
        )
        return [(row["session_id"], row["id"]) for row in rows]
