"""Who waits for whom in a transaction that may write.

SQLite has one writer at a time, so that whatever a transaction has read stays true until it
commits. Elsewhere writers run side by side, and the same is bought with locks, always taken in this
order, so that no two wait for each other:

1. the session, shared: everybody who writes about it. Closing or deleting it takes it alone. An
   advisory lock, because its queue is fair: many short frames could keep a row lock away for ever.
2. the candidate's row: the one lock of everything about a candidate (incidents, gaps, check-in,
   frames).
3. the session's event counter, until the commit. This makes numbers of events
   visible in their order: a reader that has seen number n never finds a smaller one later.

4. the end of the audit log, after everything else: there is one for the whole installation.

On SQLite, and in transactions that only read, nothing is locked.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from invigil.storage.database import tables as t
from invigil.storage.database.connection import Executes


class Locks:
    """The locks of one transaction. Each is asked for once; all go with the transaction."""

    def __init__(self, connection: Executes, *, needed: bool) -> None:
        self._connection = connection
        self.needed = needed
        self._held: set[str] = set()

    async def share_session(self, session_id: str) -> None:
        """Keep the session from being closed or deleted meanwhile."""
        if self.needed and session_id not in self._held:
            self._held.add(session_id)
            await self._connection.execute(
                sa.select(sa.func.pg_advisory_xact_lock_shared(_key(session_id)))
            )

    async def take_session(self, session_id: str) -> None:
        """Wait for everybody who writes about the session, and keep them out."""
        if self.needed:
            self._held.add(session_id)
            await self._connection.execute(
                sa.select(sa.func.pg_advisory_xact_lock(_key(session_id)))
            )

    async def candidate(self, candidate_id: str) -> None:
        """Wait for everybody who writes about the candidate, and keep them out."""
        if not self.needed or candidate_id in self._held:
            return
        c = t.candidate.c
        of = sa.select(c.session_id).where(c.id == candidate_id)
        session_id = (await self._connection.execute(of)).scalar()
        if session_id is None:
            return
        await self.share_session(session_id)
        self._held.add(candidate_id)
        await self._connection.execute(
            sa.select(c.id).where(c.id == candidate_id).with_for_update(key_share=True)
        )

    async def candidates(self, where: sa.ColumnElement[bool]) -> None:
        """The same for all of these at once, in one order, so that two such do not meet head-on."""
        if not self.needed:
            return
        c = t.candidate.c
        found = await self._connection.execute(
            sa.select(c.id, c.session_id).where(where).order_by(c.session_id, c.id)
        )
        rows = found.all()
        for session_id in dict.fromkeys(row.session_id for row in rows):
            await self.share_session(session_id)
        ids = [row.id for row in rows if row.id not in self._held]
        self._held.update(ids)
        await self._connection.execute(
            sa.select(c.id).where(c.id.in_(ids)).order_by(c.id).with_for_update(key_share=True)
        )

    async def take_audit(self) -> None:
        """Wait for everybody who writes to the audit log, and keep them out."""
        if self.needed:
            await self._connection.execute(
                sa.select(sa.func.pg_advisory_xact_lock(_key("the audit log")))
            )


def _key(session_id: str) -> int:
    """A number of 64 bits with a sign, as advisory locks have it."""
    return int.from_bytes(hashlib.sha256(session_id.encode()).digest()[:8], signed=True)
