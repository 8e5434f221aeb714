"""Observations: written once, read back by the rules as facts without pixels or scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from invigil.domain.incident import ObservationRecord
from invigil.domain.observation import Box, Identity, Observation, Unusable
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository


class ObservationRepository(Repository):
    async def add(
        self,
        observation_id: str,
        candidate_id: str,
        received_at: datetime,
        observed: Observation,
    ) -> None:
        await self._run(
            t.observation.insert().values(
                id=observation_id,
                candidate_id=candidate_id,
                received_at=received_at,
                face_count=observed.face_count,
                unusable=observed.unusable.value if observed.unusable else None,
                identity=observed.identity.value,
                comparison_score=observed.comparison_score,
                brightness=observed.brightness,
                sharpness=observed.sharpness,
                faces=[asdict(face) for face in observed.faces],
                models=",".join(observed.models),
            )
        )

    async def recent(
        self, candidate_id: str, since: datetime, most: int = 200
    ) -> Sequence[ObservationRecord]:
        """Newest last."""
        c = t.observation.c
        rows = await self._all(
            sa.select(c.id, c.received_at, c.face_count, c.unusable, c.identity, c.faces)
            .where(c.candidate_id == candidate_id, c.received_at >= since)
            .order_by(c.received_at.desc(), c.id.desc())
            .limit(most)
        )
        return [_record(row) for row in reversed(rows)]

    async def newest(self, session_id: str) -> dict[str, ObservationRecord]:
        """The newest observation of each candidate of the session."""
        c = t.observation.c
        newest = (
            sa.select(c.candidate_id, sa.func.max(c.received_at).label("at"))
            .join(t.candidate)
            .where(t.candidate.c.session_id == session_id)
            .group_by(c.candidate_id)
            .subquery()
        )
        rows = await self._all(
            sa.select(
                c.id,
                c.received_at,
                c.face_count,
                c.unusable,
                c.identity,
                c.faces,
                c.candidate_id,
            )
            .join(
                newest,
                sa.and_(c.candidate_id == newest.c.candidate_id, c.received_at == newest.c.at),
            )
            .order_by(c.id)
        )
        return {row["candidate_id"]: _record(row) for row in rows}

    async def delete_before(self, session_id: str, before: datetime) -> int:
        mine = sa.select(t.candidate.c.id).where(t.candidate.c.session_id == session_id)
        return await self._run(
            t.observation.delete().where(
                t.observation.c.candidate_id.in_(mine), t.observation.c.received_at < before
            )
        )


def _record(row: sa.RowMapping) -> ObservationRecord:
    unusable = row["unusable"]
    return ObservationRecord(
        id=row["id"],
        received_at=row["received_at"],
        face_count=row["face_count"],
        unusable=Unusable(unusable) if unusable else None,
        identity=Identity(row["identity"]),
        boxes=tuple(Box(**face["box"]) for face in row["faces"]),
    )
