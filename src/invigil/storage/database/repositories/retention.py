"""What is past its day: how much there is, and its deletion a piece at a time.

Whoever deletes holds the session alone, so that a hold that is set meanwhile comes before or after.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from invigil.domain.incident import Evidence
from invigil.domain.retention import DataClass
from invigil.storage.database import tables as t
from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks
from invigil.storage.database.repositories.base import Repository
from invigil.storage.database.repositories.decisions import DecisionRepository
from invigil.storage.database.repositories.evidence import evidence_from
from invigil.storage.database.tables_acts import candidate_act
from invigil.storage.database.tables_bundle import sweep_mark

_SWEEP = "retention"
_seen = sa.func.coalesce(t.candidate.c.last_frame_at, t.candidate.c.joined_at)
_SHOWN = sa.select(t.incident_evidence.c.evidence_id)
"""Images of incidents; all others are reference photos, replaced ones too."""

# Of each table: whose rows they are, and when a row came to be. Rows of no candidate go with the
# others of their session.
_DATED: Mapping[DataClass, tuple[tuple[sa.Table, sa.ColumnElement[datetime]], ...]] = {
    DataClass.OBSERVATIONS: (
        (t.observation, t.observation.c.received_at),
        (t.tap_look, t.tap_look.c.at),
        (t.check_in_frame, t.check_in_frame.c.received_at),
    ),
    DataClass.RECORDS: (
        (t.incident, t.incident.c.ended_at),
        (t.gap, t.gap.c.ended_at),
        (candidate_act, candidate_act.c.at),
        (t.message, t.message.c.sent_at),
        (t.event, t.event.c.at),
        (t.media_event, t.media_event.c.at),
    ),
}
COUNTED = (
    t.candidate,
    t.template,
    t.evidence,
    *(table for tables in _DATED.values() for table, _ in tables),
)
"""What a clean-up is measured by."""


class RetentionRepository(Repository):
    def __init__(self, connection: Executes, locks: Locks, decisions: DecisionRepository) -> None:
        super().__init__(connection, locks)
        self._decisions = decisions

    async def last_sweep(self) -> datetime | None:
        row = await self._one(sa.select(sweep_mark.c.at).where(sweep_mark.c.name == _SWEEP))
        return row["at"] if row else None

    async def note_sweep(self, at: datetime) -> None:
        done = await self._run(sweep_mark.update().where(sweep_mark.c.name == _SWEEP).values(at=at))
        if not done:
            await self._run(sweep_mark.insert().values(name=_SWEEP, at=at))

    async def count_all(self) -> int:
        return sum([await self._count(table, sa.true()) for table in COUNTED])

    async def count_due(
        self, session_id: str, cutoffs: Mapping[DataClass, datetime], held: Collection[str]
    ) -> int:
        """How many rows of the session a clean-up would delete."""
        over = await self.over(session_id, cutoffs[DataClass.RECORDS], held)
        found = len(over)
        images = (DataClass.EVIDENCE, DataClass.REFERENCE_PHOTOS)
        for each in images:
            found += await self._count(t.evidence, _images(session_id, each, cutoffs[each], held))
        templates = _mine(t.template, session_id, held, cutoffs[DataClass.TEMPLATES])
        found += await self._count(t.template, templates)
        for data_class, tables in _DATED.items():
            for table, at in tables:
                due = sa.and_(_mine(table, session_id, held), at < cutoffs[data_class])
                found += await self._count(table, due)
        return found

    async def images(
        self, session_id: str, kind: DataClass, before: datetime, held: Collection[str], most: int
    ) -> Sequence[Evidence]:
        """Images of incidents, or reference photos, past their day."""
        where = _images(session_id, kind, before, held)
        rows = await self._all(sa.select(t.evidence).where(where).limit(most))
        return [evidence_from(row) for row in rows]

    async def delete_images(self, ids: Sequence[str]) -> int:
        await self._run(
            t.candidate.update()
            .where(t.candidate.c.reference_photo_id.in_(ids))
            .values(reference_photo_id=None)
        )
        return await self._run(t.evidence.delete().where(t.evidence.c.id.in_(ids)))

    async def delete_templates(
        self, session_id: str, before: datetime, held: Collection[str]
    ) -> int:
        """Of those who were not seen since."""
        mine = _mine(t.template, session_id, held, before)
        return await self._run(t.template.delete().where(mine))

    async def delete_dated(
        self,
        session_id: str,
        data_class: DataClass,
        before: datetime,
        held: Collection[str],
        most: int,
    ) -> int:
        """At most so many rows of each table; 0 when there are no more."""
        gone = 0
        for table, at in _DATED[data_class]:
            key = list(table.primary_key.columns)
            old = sa.select(*key).where(_mine(table, session_id, held), at < before).limit(most)
            if table is t.incident:
                gone += await self._delete_incidents([row["id"] for row in await self._all(old)])
                continue
            gone += await self._run(
                table.delete().where(sa.tuple_(*key).in_(old) if len(key) > 1 else key[0].in_(old))
            )
        return gone

    async def _delete_incidents(self, ids: Sequence[str]) -> int:
        # How often a rule was right is told of all incidents that there ever were.
        await self._decisions.keep_tallies(ids)
        return await self._run(t.incident.delete().where(t.incident.c.id.in_(ids)))

    async def stills(
        self, session_id: str, before: datetime, held: Collection[str]
    ) -> Sequence[str]:
        """Ids of candidates whose newest picture is past its day."""
        return await self._ids(
            t.candidate.c.session_id == session_id,
            t.candidate.c.has_still,
            _seen < before,
            t.candidate.c.id.not_in(held),
        )

    async def forget_stills(self, ids: Sequence[str]) -> int:
        return await self._run(
            t.candidate.update().where(t.candidate.c.id.in_(ids)).values(has_still=False)
        )

    async def over(self, session_id: str, before: datetime, held: Collection[str]) -> Sequence[str]:
        """Ids of candidates who were not seen since."""
        return await self._ids(
            t.candidate.c.session_id == session_id,
            _seen < before,
            t.candidate.c.joined_at < before,
            t.candidate.c.id.not_in(held),
        )

    async def _ids(self, *where: sa.ColumnElement[bool]) -> Sequence[str]:
        rows = await self._all(sa.select(t.candidate.c.id).where(*where))
        return [row["id"] for row in rows]

    async def _count(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        count = sa.select(sa.func.count().label("n")).select_from(table).where(where)
        return int((await self._exactly_one(count))["n"])


def _images(
    session_id: str, kind: DataClass, before: datetime, held: Collection[str]
) -> sa.ColumnElement[bool]:
    c = t.evidence.c
    shown = c.id.in_(_SHOWN) if kind is DataClass.EVIDENCE else c.id.not_in(_SHOWN)
    return sa.and_(
        c.session_id == session_id, shown, c.captured_at < before, c.candidate_id.not_in(held)
    )


def _mine(
    table: sa.Table, session_id: str, held: Collection[str], unseen_since: datetime | None = None
) -> sa.ColumnElement[bool]:
    """Rows of the session that no hold keeps; of candidates who were not seen since."""
    c = table.c
    free: sa.ColumnElement[bool] = sa.true()
    if table is t.event:
        # Events for proctors are of nobody by name: with one candidate held all of them stay.
        free = sa.false() if held else sa.true()
    elif "candidate_id" in c:
        free = sa.or_(c.candidate_id.is_(None), c.candidate_id.not_in(held))
    elif table is t.media_event:
        free = c.identity.not_in(held)
    if "session_id" in c and unseen_since is None:
        return sa.and_(c.session_id == session_id, free)
    mine = sa.select(t.candidate.c.id).where(t.candidate.c.session_id == session_id)
    if unseen_since is not None:
        mine = mine.where(_seen < unseen_since)
    return sa.and_(c.candidate_id.in_(mine), free)
