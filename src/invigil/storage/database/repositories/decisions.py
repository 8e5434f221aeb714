"""Decisions about incidents, candidates' answers to them, and how they add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.incident import Answer, Decision, IncidentKind, ReviewDecision, Source
from invigil.domain.precision import KindTally
from invigil.storage.database import tables as t
from invigil.storage.database import tables_acts as ta
from invigil.storage.database.repositories.base import Repository


def final_decisions(session_id: str | None = None) -> sa.Subquery:
    """`incident_id` and `decision` of what stands and waits for nobody else.

    `session_id`: only about this session's incidents.
    """
    c = t.review_decision.c
    newest_first = sa.func.row_number().over(
        partition_by=c.incident_id, order_by=(c.decided_at.desc(), c.id.desc())
    )
    standing = sa.select(c.incident_id, c.decision, c.proposed, newest_first.label("place")).where(
        c.undone_at.is_(None)
    )
    if session_id is not None:
        of_session = sa.select(t.incident.c.id).where(t.incident.c.session_id == session_id)
        standing = standing.where(c.incident_id.in_(of_session))
    ranked = standing.subquery()
    return (
        sa.select(ranked.c.incident_id, ranked.c.decision)
        .where(ranked.c.place == 1, ranked.c.proposed.is_(False))
        .subquery()
    )


class DecisionRepository(Repository):
    async def add(self, decision: ReviewDecision) -> None:
        await self._run(
            t.review_decision.insert().values(
                id=decision.id,
                incident_id=decision.incident_id,
                decision=decision.decision.value,
                reason=decision.reason,
                by=decision.by,
                decided_at=decision.decided_at,
                by_id=decision.by_id,
                proposed=decision.proposed,
            )
        )

    async def undo(self, decision_id: str, at: datetime) -> None:
        c = t.review_decision.c
        await self._run(t.review_decision.update().where(c.id == decision_id).values(undone_at=at))

    async def set_proposed(self, decision_id: str, *, proposed: bool) -> None:
        c = t.review_decision.c
        await self._run(
            t.review_decision.update().where(c.id == decision_id).values(proposed=proposed)
        )

    async def standing(self, ids: Sequence[str]) -> dict[str, tuple[ReviewDecision, ...]]:
        """The decisions about these incidents that were not undone, oldest first."""
        c = t.review_decision.c
        rows = await self._all(
            sa.select(t.review_decision)
            .where(c.incident_id.in_(ids), c.undone_at.is_(None))
            .order_by(c.decided_at, c.id)
        )
        found: defaultdict[str, tuple[ReviewDecision, ...]] = defaultdict(tuple)
        for row in rows:
            found[row["incident_id"]] += (_decision(row),)
        return found

    async def add_answer(self, incident_id: str, answer: Answer) -> None:
        await self._run(
            ta.incident_answer.insert().values(
                incident_id=incident_id, text=answer.text, answered_at=answer.answered_at
            )
        )

    async def answers(self, ids: Sequence[str]) -> dict[str, Answer]:
        """What was answered to these incidents."""
        c = ta.incident_answer.c
        rows = await self._all(sa.select(ta.incident_answer).where(c.incident_id.in_(ids)))
        return {row["incident_id"]: Answer(row["text"], row["answered_at"]) for row in rows}

    async def tallies(self) -> dict[IncidentKind, KindTally]:
        """Of all incidents that rules ever opened in this installation; every kind is in it."""
        total = {kind: KindTally(kind) for kind in IncidentKind}
        kept = [_tally(row) for row in await self._all(sa.select(ta.incident_tally))]
        for each in [*kept, *await self._count(sa.true())]:
            total[each.kind] = _sum(total[each.kind], each)
        return total

    async def keep_tallies(self, ids: Sequence[str]) -> None:
        """Count these incidents, which are about to be deleted."""
        await self._keep_all(t.incident.c.id.in_(ids))

    async def keep_tallies_of(self, candidate_id: str) -> None:
        """Count the incidents of a candidate who is about to be deleted."""
        await self._keep_all(t.incident.c.candidate_id == candidate_id)

    async def _keep_all(self, where: sa.ColumnElement[bool]) -> None:
        for each in await self._count(where):
            await self._keep(each)

    async def _keep(self, tally: KindTally) -> None:
        c = ta.incident_tally.c
        numbers = {
            "opened": tally.opened,
            "confirmed": tally.confirmed,
            "dismissed": tally.dismissed,
            "inconclusive": tally.inconclusive,
        }
        more = {name: c[name] + number for name, number in numbers.items()}
        of_kind = ta.incident_tally.update().where(c.kind == tally.kind.value)
        if await self._run(of_kind.values(**more)) == 0:
            await self._run(ta.incident_tally.insert().values(kind=tally.kind.value, **numbers))

    async def _count(self, where: sa.ColumnElement[bool]) -> list[KindTally]:
        final = final_decisions()
        c = t.incident.c

        def times(decision: Decision) -> sa.Label[int]:
            return sa.func.count(sa.case((final.c.decision == decision.value, 1))).label(
                decision.value
            )

        rows = await self._all(
            sa.select(c.kind, sa.func.count().label("opened"), *map(times, Decision))
            .select_from(t.incident.outerjoin(final, final.c.incident_id == c.id))
            .where(where, c.source == Source.RULES.value)
            .group_by(c.kind)
        )
        return [_tally(row) for row in rows]


def _tally(row: RowMapping) -> KindTally:
    return KindTally(
        IncidentKind(row["kind"]),
        row["opened"],
        row["confirmed"],
        row["dismissed"],
        row["inconclusive"],
    )


def _sum(one: KindTally, other: KindTally) -> KindTally:
    return KindTally(
        one.kind,
        one.opened + other.opened,
        one.confirmed + other.confirmed,
        one.dismissed + other.dismissed,
        one.inconclusive + other.inconclusive,
    )


def _decision(row: RowMapping) -> ReviewDecision:
    return ReviewDecision(
        id=row["id"],
        incident_id=row["incident_id"],
        decision=Decision(row["decision"]),
        reason=row["reason"],
        by=row["by"],
        decided_at=row["decided_at"],
        undone_at=row["undone_at"],
        by_id=row["by_id"],
        proposed=row["proposed"],
    )
