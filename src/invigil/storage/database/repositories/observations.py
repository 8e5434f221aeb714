"""Observations: written once, read back by the rules as facts without pixels or scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from invigil.domain.incident import ObservationRecord
from invigil.domain.observation import Box, Identity, Observation, Unusable
from invigil.domain.upload import Upload
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository

_FOR_EVER = datetime.max.replace(tzinfo=UTC)
_ADD = t.observation.insert()
_FACTS = (
    t.observation.c.id,
    t.observation.c.received_at,
    t.observation.c.face_count,
    t.observation.c.unusable,
    t.observation.c.identity,
    t.observation.c.faces,
    t.observation.c.fingerprint,
    t.observation.c.covered,
    t.observation.c.clear,
)
# Older ones are only compared with: reading where the faces were would cost more than all else.
_FACTS_OR_LESS = tuple(
    sa.case(
        (t.observation.c.received_at >= sa.bindparam("faces_since"), column), else_=sa.null()
    ).label("faces")
    if column is t.observation.c.faces
    else column
    for column in _FACTS
)
_RECENT = (
    sa.select(*_FACTS_OR_LESS)
    .where(
        t.observation.c.candidate_id == sa.bindparam("candidate_id"),
        t.observation.c.received_at >= sa.bindparam("since"),
        t.observation.c.received_at <= sa.bindparam("until"),
    )
    .order_by(t.observation.c.received_at.desc(), t.observation.c.id.desc())
    .limit(sa.bindparam("most"))
)


class ObservationRepository(Repository):
    async def add(
        self,
        observation_id: str,
        candidate_id: str,
        received_at: datetime,
        observed: Observation,
        upload: Upload | None = None,
    ) -> None:
        await self._run(
            _ADD,
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
            fingerprint=observed.fingerprint,
            covered=observed.covered,
            clear=observed.clear,
            frame_window=upload and upload.window,
            frame_seq=upload and upload.seq,
            frame_digest=upload and upload.digest,
        )

    async def recent(
        self,
        candidate_id: str,
        since: datetime,
        most: int = 240,
        *,
        faces_since: datetime | None = None,
        until: datetime = _FOR_EVER,
    ) -> Sequence[ObservationRecord]:
        """Newest last, none of after `until`. Without the faces' places where they are from before
        `faces_since`."""
        rows = await self._rows(
            _RECENT,
            candidate_id=candidate_id,
            since=since,
            until=until,
            faces_since=faces_since or since,
            most=most,
        )
        return [_record(row) for row in reversed(rows)]

    async def get(self, candidate_id: str, observation_id: str) -> ObservationRecord | None:
        """The observation, if it is of this candidate."""
        c = t.observation.c
        wanted = sa.select(*_FACTS).where(c.id == observation_id, c.candidate_id == candidate_id)
        rows = await self._rows(wanted)
        return _record(rows[0]) if rows else None

    async def of_upload(
        self, candidate_id: str, upload: Upload
    ) -> tuple[ObservationRecord, bytes] | None:
        """What was observed of the frame of that number, and the digest it had."""
        c = t.observation.c
        rows = await self._rows(
            sa.select(*_FACTS, c.frame_digest).where(
                c.candidate_id == candidate_id,
                c.frame_window == upload.window,
                c.frame_seq == upload.seq,
            )
        )
        return (_record(rows[0]), rows[0][-1]) if rows else None

    async def page(
        self, candidate_id: str, after: ObservationRecord | None, most: int
    ) -> Sequence[ObservationRecord]:
        """Oldest first, beginning behind `after`."""
        c = t.observation.c
        wanted = sa.select(*_FACTS).where(c.candidate_id == candidate_id)
        if after is not None:
            # Two conditions: the first is what the index can use, on either database.
            wanted = wanted.where(
                c.received_at >= after.received_at,
                sa.or_(c.received_at > after.received_at, c.id > after.id),
            )
        rows = await self._rows(wanted.order_by(c.received_at, c.id).limit(most))
        return [_record(row) for row in rows]

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
        rows = await self._rows(
            sa.select(*_FACTS, c.candidate_id)
            .join(
                newest,
                sa.and_(c.candidate_id == newest.c.candidate_id, c.received_at == newest.c.at),
            )
            .order_by(c.id)
        )
        return {row[-1]: _record(row) for row in rows}

    async def delete_before(self, session_id: str, before: datetime, most: int) -> int:
        """At most so many; gives how many there were."""
        mine = sa.select(t.candidate.c.id).where(t.candidate.c.session_id == session_id)
        old = (
            sa.select(t.observation.c.id)
            .where(t.observation.c.candidate_id.in_(mine), t.observation.c.received_at < before)
            .limit(most)
        )
        return await self._run(t.observation.delete().where(t.observation.c.id.in_(old)))


def _record(row: Any) -> ObservationRecord:
    """From a row that begins with `_FACTS`."""
    observation_id, received_at, face_count, unusable, identity, faces, *others = row
    fingerprint, covered, clear, *_ = others
    return ObservationRecord(
        id=observation_id,
        received_at=received_at,
        face_count=face_count,
        unusable=Unusable(unusable) if unusable else None,
        identity=Identity(identity),
        boxes=tuple(Box(**face["box"]) for face in faces or ()),
        fingerprint=fingerprint,
        covered=covered,
        clear=clear,
    )
