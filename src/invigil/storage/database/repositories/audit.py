"""The audit log. It is only ever added to; triggers of the database refuse anything else."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.audit import Act, Action, AuditEntry, chained
from invigil.storage.database import tables as t
from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks
from invigil.storage.database.repositories.base import Repository


class AuditRepository(Repository):
    def __init__(self, connection: Executes, locks: Locks) -> None:
        super().__init__(connection, locks)
        self._pending: list[Act] = []

    def note(self, act: Act) -> None:
        """Put on record, at the end of this transaction and only if it succeeds."""
        self._pending.append(act)

    async def write(self) -> None:
        """Append what was noted. Called by whoever commits, as the very last: the chain has one
        end, and everybody who writes to it waits here for the one before."""
        if not self._pending:
            return
        await self._locks.take_audit()
        last = await self.last()
        for act in self._pending:
            last = chained(act, last)
            await self._run(t.audit_entry.insert().values(**_values(last)))
        self._pending.clear()

    async def last(self) -> AuditEntry | None:
        row = await self._one(
            sa.select(t.audit_entry).order_by(t.audit_entry.c.seq.desc()).limit(1)
        )
        return _entry(row) if row else None

    async def last_of(self, actions: Sequence[Action]) -> AuditEntry | None:
        """The newest entry of any of these."""
        wanted = [action.value for action in actions]
        row = await self._one(
            sa.select(t.audit_entry)
            .where(t.audit_entry.c.action.in_(wanted))
            .order_by(t.audit_entry.c.seq.desc())
            .limit(1)
        )
        return _entry(row) if row else None

    async def last_about(
        self, action: Action, session_id: str, candidate_id: str, ref: str | None = None
    ) -> AuditEntry | None:
        """The newest entry of this act about this candidate, and about `ref` where one is given."""
        c = t.audit_entry.c
        row = await self._one(
            sa.select(t.audit_entry)
            .where(c.session_id == session_id, c.candidate_id == candidate_id)
            .where(c.action == action.value, *([c.ref == ref] if ref else []))
            .order_by(c.seq.desc())
            .limit(1)
        )
        return _entry(row) if row else None

    async def after(self, seq: int, most: int) -> Sequence[AuditEntry]:
        """Entries with a larger number, oldest first."""
        rows = await self._all(
            sa.select(t.audit_entry)
            .where(t.audit_entry.c.seq > seq)
            .order_by(t.audit_entry.c.seq)
            .limit(most)
        )
        return [_entry(row) for row in rows]


def _values(entry: AuditEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(**{name: row[name] for name in AuditEntry.__dataclass_fields__})
