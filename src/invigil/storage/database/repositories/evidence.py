"""Rows of evidence objects. The bytes are in the evidence store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.incident import Evidence, EvidenceState
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository


class EvidenceRepository(Repository):
    async def add(self, evidence: Evidence) -> None:
        await self._run(
            t.evidence.insert().values(
                id=evidence.id,
                session_id=evidence.session_id,
                candidate_id=evidence.candidate_id,
                key=evidence.key,
                sha256=evidence.sha256,
                size=evidence.size,
                content_type=evidence.content_type,
                captured_at=evidence.captured_at,
                state=evidence.state.value,
                sealed_sha256=evidence.sealed_sha256,
            )
        )

    async def get(self, evidence_id: str) -> Evidence | None:
        row = await self._one(sa.select(t.evidence).where(t.evidence.c.id == evidence_id))
        return evidence_from(row) if row else None

    async def of_ids(self, ids: Sequence[str]) -> Sequence[Evidence]:
        """Those of `ids` that there are."""
        rows = await self._all(sa.select(t.evidence).where(t.evidence.c.id.in_(ids)))
        return [evidence_from(row) for row in rows]

    async def mark_stored(self, ids: Sequence[str]) -> set[str]:
        """Note that these objects are where they belong; gives those that there are."""
        rows = await self._all(
            t.evidence.update()
            .where(t.evidence.c.id.in_(ids))
            .values(state=EvidenceState.STORED.value)
            .returning(t.evidence.c.id)
        )
        return {row["id"] for row in rows}

    async def older_than(self, session_id: str, before: datetime) -> Sequence[Evidence]:
        rows = await self._all(
            sa.select(t.evidence).where(
                t.evidence.c.session_id == session_id, t.evidence.c.captured_at < before
            )
        )
        return [evidence_from(row) for row in rows]

    async def delete(self, evidence_id: str) -> None:
        await self._run(t.evidence.delete().where(t.evidence.c.id == evidence_id))


def evidence_from(row: RowMapping) -> Evidence:
    """The record of a row of the evidence table."""
    return Evidence(
        id=row["id"],
        session_id=row["session_id"],
        candidate_id=row["candidate_id"],
        key=row["key"],
        sha256=row["sha256"],
        size=row["size"],
        content_type=row["content_type"],
        captured_at=row["captured_at"],
        state=EvidenceState(row["state"]),
        sealed_sha256=row["sealed_sha256"],
    )
