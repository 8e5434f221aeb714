"""All rows of a session that belong to its evidence, as they are given out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository

_WITHHELD = {"token_hash", "admin_hash", "tab", "sealed_sha256", "key"}


class BundleRepository(Repository):
    async def of_session(self, session_id: str) -> dict[str, list[dict[str, Any]]]:
        """By the name of the file. No secrets, no templates, no scores."""
        incidents = sa.select(t.incident.c.id).where(t.incident.c.session_id == session_id)
        candidates = sa.select(t.candidate.c.id).where(t.candidate.c.session_id == session_id)
        decided = t.review_decision
        found = {
            "session": await self._of(t.exam_session, t.exam_session.c.id == session_id),
            "candidates": await self._of(t.candidate, t.candidate.c.session_id == session_id),
            "incidents": await self._of(t.incident, t.incident.c.session_id == session_id),
            "decisions": await self._of(decided, decided.c.incident_id.in_(incidents)),
            "gaps": await self._of(t.gap, t.gap.c.session_id == session_id),
            "messages": await self._of(t.message, t.message.c.session_id == session_id),
            "evidence": await self._of(t.evidence, t.evidence.c.session_id == session_id),
            "incident_evidence": await self._of(
                t.incident_evidence, t.incident_evidence.c.incident_id.in_(incidents)
            ),
        }
        c = t.observation.c
        models = await self._all(
            sa.select(
                c.models,
                sa.func.count().label("observations"),
                sa.func.min(c.received_at).label("first_at"),
                sa.func.max(c.received_at).label("last_at"),
            )
            .where(c.candidate_id.in_(candidates))
            .group_by(c.models)
            .order_by(c.models)
        )
        found["models"] = [_plain(dict(row)) for row in models]
        return found

    async def _of(self, table: sa.Table, where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
        shown = [column for column in table.c if column.name not in _WITHHELD]
        order = list(table.primary_key.columns)
        rows = await self._all(sa.select(*shown).where(where).order_by(*order))
        return [_plain(dict(row)) for row in rows]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }
