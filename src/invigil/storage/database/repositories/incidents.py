"""Incidents with their evidence and decisions, and gaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.incident import (
    Answer,
    Comparison,
    Evidence,
    EvidenceMissing,
    Gap,
    GapCause,
    Incident,
    IncidentDetail,
    IncidentKind,
    IncidentState,
    ReviewDecision,
    Source,
)
from invigil.storage.database import tables as t
from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks
from invigil.storage.database.repositories.base import Repository
from invigil.storage.database.repositories.decisions import DecisionRepository
from invigil.storage.database.repositories.evidence import evidence_from

_OPEN_OF = sa.select(t.incident).where(
    t.incident.c.candidate_id == sa.bindparam("candidate_id"),
    t.incident.c.state == IncidentState.OPEN.value,
)
_OPEN_GAPS = sa.select(t.gap).where(
    t.gap.c.candidate_id == sa.bindparam("candidate_id"), t.gap.c.ended_at.is_(None)
)


class IncidentRepository(Repository):
    def __init__(self, connection: Executes, locks: Locks, decisions: DecisionRepository) -> None:
        super().__init__(connection, locks)
        self._decisions = decisions

    async def add(self, incident: Incident) -> None:
        await self._run(t.incident.insert().values(**_values(incident)))
        for evidence in incident.evidence:
            await self._run(
                t.incident_evidence.insert().values(
                    incident_id=incident.id, evidence_id=evidence.id
                )
            )

    async def save(self, incident: Incident) -> None:
        """Write the fields that change while an incident lasts (not its evidence or decision)."""
        await self._run(
            t.incident.update().where(t.incident.c.id == incident.id).values(**_values(incident))
        )

    async def get(self, incident_id: str) -> Incident | None:
        """Where the transaction may write, the incident stays as read until it ends."""
        if self._locks.needed:
            c = t.incident.c
            owner = await self._one(sa.select(c.candidate_id).where(c.id == incident_id))
            if owner is not None:
                await self._locks.candidate(owner["candidate_id"])
        found = await self._load(sa.select(t.incident).where(t.incident.c.id == incident_id))
        return found[0] if found else None

    async def of_candidate(self, candidate_id: str) -> Sequence[Incident]:
        """All of one candidate, oldest first."""
        c = t.incident.c
        mine = sa.select(t.incident).where(c.candidate_id == candidate_id)
        return await self._load(mine.order_by(c.started_at, c.id))

    async def open_of(self, candidate_id: str) -> Sequence[Incident]:
        return await self._load(_OPEN_OF, candidate_id=candidate_id)

    async def candidates_with_open(self, kind: IncidentKind) -> frozenset[str]:
        """Ids of the candidates that have an open incident of this kind."""
        rows = await self._all(
            sa.select(t.incident.c.candidate_id).where(
                t.incident.c.kind == kind.value,
                t.incident.c.state == IncidentState.OPEN.value,
            )
        )
        return frozenset(row["candidate_id"] for row in rows)

    async def page(
        self,
        session_id: str,
        *,
        before: Incident | None = None,
        limit: int = 200,
        kinds: Iterable[IncidentKind] | None = None,
    ) -> Sequence[Incident]:
        """Newest first, `limit` at most; `before` is the last one of the page before."""
        c = t.incident.c
        statement = sa.select(t.incident).where(c.session_id == session_id)
        if kinds is not None:
            statement = statement.where(c.kind.in_([kind.value for kind in kinds]))
        if before is not None:
            statement = statement.where(
                sa.or_(
                    c.started_at < before.started_at,
                    sa.and_(c.started_at == before.started_at, c.id < before.id),
                )
            )
        return await self._load(statement.order_by(c.started_at.desc(), c.id.desc()).limit(limit))

    async def newest_of_kind(
        self, candidate_id: str, kind: IncidentKind, source: Source, since: datetime
    ) -> Incident | None:
        c = t.incident.c
        found = await self._load(
            sa.select(t.incident)
            .where(
                c.candidate_id == candidate_id,
                c.kind == kind.value,
                c.source == source.value,
                c.started_at > since,
            )
            .order_by(c.started_at.desc())
            .limit(1)
        )
        return found[0] if found else None

    async def newest_ended(
        self, candidate_id: str, kind: IncidentKind, since: datetime
    ) -> Incident | None:
        """The candidate's newest incident of this kind that ended at `since` or later."""
        c = t.incident.c
        found = await self._load(
            sa.select(t.incident)
            .where(c.candidate_id == candidate_id, c.kind == kind.value, c.ended_at >= since)
            .order_by(c.ended_at.desc())
            .limit(1)
        )
        return found[0] if found else None

    async def delete_before(self, session_id: str, before: datetime) -> int:
        """Closed incidents and gaps that ended before `before`."""
        gone = 0
        for table in (t.incident, t.gap):
            gone += await self._run(
                table.delete().where(table.c.session_id == session_id, table.c.ended_at < before)
            )
        return gone

    async def add_gap(self, gap: Gap) -> None:
        await self._run(
            t.gap.insert().values(
                id=gap.id,
                session_id=gap.session_id,
                candidate_id=gap.candidate_id,
                started_at=gap.started_at,
                ended_at=gap.ended_at,
                cause=gap.cause.value,
            )
        )

    async def open_gaps(self, candidate_id: str) -> Sequence[Gap]:
        rows = await self._all(_OPEN_GAPS, candidate_id=candidate_id)
        return [_gap(row) for row in rows]

    async def gap(self, gap_id: str) -> Gap | None:
        row = await self._one(sa.select(t.gap).where(t.gap.c.id == gap_id))
        return _gap(row) if row else None

    async def gaps(self, session_id: str) -> Sequence[Gap]:
        rows = await self._all(
            sa.select(t.gap).where(t.gap.c.session_id == session_id).order_by(t.gap.c.started_at)
        )
        return [_gap(row) for row in rows]

    async def end_gap(self, gap_id: str, at: datetime) -> None:
        await self._run(t.gap.update().where(t.gap.c.id == gap_id).values(ended_at=at))

    async def _load(
        self, statement: sa.Select[tuple[object, ...]], **parameters: object
    ) -> list[Incident]:
        rows = await self._all(statement, **parameters)
        ids = [row["id"] for row in rows]
        if not ids:
            return []
        evidence = await self._evidence(ids)
        decisions = await self._decisions.standing(ids)
        answers = await self._decisions.answers(ids)
        return [
            _incident(
                row,
                evidence[row["id"]],
                decisions.get(row["id"], ()),
                answers.get(row["id"]),
            )
            for row in rows
        ]

    async def _evidence(self, ids: Sequence[str]) -> defaultdict[str, tuple[Evidence, ...]]:
        link = t.incident_evidence
        rows = await self._all(
            sa.select(link.c.incident_id, t.evidence)
            .join(t.evidence)
            .where(link.c.incident_id.in_(ids))
            .order_by(t.evidence.c.captured_at)
        )
        found: defaultdict[str, tuple[Evidence, ...]] = defaultdict(tuple)
        for row in rows:
            found[row["incident_id"]] += (evidence_from(row),)
        return found


def _values(incident: Incident) -> dict[str, object]:
    detail = incident.detail
    missing = incident.evidence_missing
    return {
        "id": incident.id,
        "session_id": incident.session_id,
        "candidate_id": incident.candidate_id,
        "kind": incident.kind.value,
        "state": incident.state.value,
        "started_at": incident.started_at,
        "ended_at": incident.ended_at,
        "updated_at": incident.updated_at,
        "max_faces": detail.max_faces,
        "comparison": detail.comparison.value if detail.comparison else None,
        "cause": detail.cause.value if detail.cause else None,
        "evidence_missing": missing.value if missing else None,
        "source": incident.source.value,
    }


def _incident(
    row: RowMapping,
    evidence: tuple[Evidence, ...],
    opinions: tuple[ReviewDecision, ...],
    answer: Answer | None,
) -> Incident:
    missing = row["evidence_missing"]
    return Incident(
        id=row["id"],
        session_id=row["session_id"],
        candidate_id=row["candidate_id"],
        kind=IncidentKind(row["kind"]),
        state=IncidentState(row["state"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        updated_at=row["updated_at"],
        detail=IncidentDetail(
            max_faces=row["max_faces"],
            comparison=Comparison(row["comparison"]) if row["comparison"] else None,
            cause=GapCause(row["cause"]) if row["cause"] else None,
        ),
        evidence=evidence,
        evidence_missing=EvidenceMissing(missing) if missing else None,
        decision=opinions[-1] if opinions else None,
        source=Source(row["source"]),
        opinions=opinions,
        answer=answer,
    )


def _gap(row: RowMapping) -> Gap:
    return Gap(
        id=row["id"],
        session_id=row["session_id"],
        candidate_id=row["candidate_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        cause=GapCause(row["cause"]),
    )
