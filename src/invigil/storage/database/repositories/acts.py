"""What proctors did to candidates."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.acts import ActKind, CandidateAct
from invigil.domain.candidate import CandidateState
from invigil.storage.database import tables_acts as t
from invigil.storage.database.repositories.base import Repository


class ActRepository(Repository):
    async def add(self, act: CandidateAct) -> None:
        await self._run(
            t.candidate_act.insert().values(
                id=act.id,
                session_id=act.session_id,
                candidate_id=act.candidate_id,
                kind=act.kind.value,
                reason=act.reason,
                by=act.by,
                by_id=act.by_id,
                at=act.at,
                before=act.before.value,
                after=act.after.value,
                command=act.command,
            )
        )

    async def by_command(self, candidate_id: str, command: str) -> CandidateAct | None:
        """What this command has done to the candidate, once."""
        c = t.candidate_act.c
        row = await self._one(
            sa.select(t.candidate_act).where(c.candidate_id == candidate_id, c.command == command)
        )
        return _act(row) if row else None

    async def newest(self, candidate_id: str, kind: ActKind | None = None) -> CandidateAct | None:
        """The newest act, or the newest of one kind."""
        c = t.candidate_act.c
        statement = sa.select(t.candidate_act).where(c.candidate_id == candidate_id)
        if kind is not None:
            statement = statement.where(c.kind == kind.value)
        row = await self._one(statement.order_by(c.at.desc(), c.id.desc()).limit(1))
        return _act(row) if row else None


def _act(row: RowMapping) -> CandidateAct:
    return CandidateAct(
        **{
            **row,
            "kind": ActKind(row["kind"]),
            "before": CandidateState(row["before"]),
            "after": CandidateState(row["after"]),
        }
    )
