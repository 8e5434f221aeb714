"""Exam sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.candidate import CandidateState
from invigil.domain.incident import IncidentState
from invigil.domain.session import ExamSession, OwnIncidents, SessionCounts
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository
from invigil.storage.database.repositories.decisions import final_decisions
from invigil.storage.database.tables_bundle import legal_hold

_BY_ID = sa.select(t.exam_session).where(t.exam_session.c.id == sa.bindparam("session_id"))


class SessionRepository(Repository):
    async def add(self, session: ExamSession) -> None:
        await self._run(t.exam_session.insert().values(**_values(session)))

    async def get(self, session_id: str) -> ExamSession | None:
        """Where the transaction may write, nobody closes or deletes the session until it ends."""
        await self._locks.share_session(session_id)
        row = await self._one(_BY_ID, session_id=session_id)
        return _session(row) if row else None

    async def get_alone(self, session_id: str) -> ExamSession | None:
        """For closing or deleting it: nobody else writes about it until this transaction ends."""
        await self._locks.take_session(session_id)
        return await self.get(session_id)

    async def all(self, only: frozenset[str] | None = None) -> Sequence[ExamSession]:
        """Newest first. `only`: ids of those that are wanted; None for all."""
        statement = sa.select(t.exam_session).order_by(t.exam_session.c.created_at.desc())
        if only is not None:
            statement = statement.where(t.exam_session.c.id.in_(only))
        rows = await self._all(statement)
        return [_session(row) for row in rows]

    async def close(self, session_id: str, at: datetime) -> None:
        await self._run(
            t.exam_session.update().where(t.exam_session.c.id == session_id).values(closed_at=at)
        )

    async def set_invited_only(self, session_id: str, invited_only: bool) -> None:
        await self._run(
            t.exam_session.update()
            .where(t.exam_session.c.id == session_id)
            .values(invited_only=invited_only)
        )

    async def delete(self, session_id: str) -> None:
        await self._run(t.exam_session.delete().where(t.exam_session.c.id == session_id))

    async def counts(self, session_id: str) -> SessionCounts:
        final = final_decisions(session_id)
        decided = sa.exists().where(final.c.incident_id == t.incident.c.id)
        of_session = t.incident.c.session_id == session_id
        row = await self._exactly_one(
            sa.select(
                _count(
                    t.candidate,
                    t.candidate.c.session_id == session_id,
                    t.candidate.c.state == CandidateState.IN_ROOM,
                ).label("in_room"),
                _count(t.incident, of_session, t.incident.c.state == IncidentState.OPEN).label(
                    "open_incidents"
                ),
                _count(t.incident, of_session, ~decided).label("unreviewed_incidents"),
                _count(
                    legal_hold,
                    legal_hold.c.session_id == session_id,
                    legal_hold.c.released_at.is_(None),
                ).label("holds"),
            )
        )
        return SessionCounts(**row)


def _count(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(table).where(*where).scalar_subquery()


def _values(session: ExamSession) -> dict[str, object]:
    return {
        "id": session.id,
        "title": session.title,
        "sampling_interval_s": session.sampling_interval_s,
        "retention_days": session.retention_days,
        "exam_url": session.exam_url,
        "created_at": session.created_at,
        "closed_at": session.closed_at,
        "join_generation": session.join_generation,
        "admin_hash": session.admin_hash,
        "provider": session.provider,
        "report_repeats": session.report_repeats,
        "second_reviewer": session.second_reviewer,
        "own_incidents": session.own_incidents.value,
        "answer_days": session.answer_days,
        "invited_only": session.invited_only,
        "face_matching": session.face_matching,
    }


def _session(row: RowMapping) -> ExamSession:
    values = {name: value for name, value in row.items() if name != "event_seq"}
    return ExamSession(**values | {"own_incidents": OwnIncidents(row["own_incidents"])})
