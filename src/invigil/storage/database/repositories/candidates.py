"""Candidates. Templates are a table of their own and are read only where they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.accommodations import NOTHING_ARRANGED, Accommodations
from invigil.domain.candidate import (
    SITTING,
    CameraClaim,
    Candidate,
    CandidateState,
    Consent,
    Matching,
    WaitingReason,
)
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository

_SAME_NAMES = (
    "id",
    "session_id",
    "name",
    "joined_at",
    "token_hash",
    "tab",
    "entered_at",
    "last_frame_at",
    "next_frame_ms",
    "camera_claimed_at",
    "reference_photo_id",
    "has_still",
    "note",
    "retake_reason",
    "monitored",
    "frame_window",
    "frame_seq",
    "camera_device",
    "state_since",
    "state_reason",
    "matching_at",
)


_BY_ID = sa.select(t.candidate).where(t.candidate.c.id == sa.bindparam("candidate_id"))
_BY_TOKEN_HASH = sa.select(t.candidate).where(t.candidate.c.token_hash == sa.bindparam("hashed"))
_TOUCH = (
    t.candidate.update()
    .where(t.candidate.c.id == sa.bindparam("candidate_id"))
    .values(
        last_frame_at=sa.bindparam("at"),
        next_frame_ms=sa.bindparam("interval"),
        has_still=True,
        # Numbers rise, whatever comes late.
        frame_seq=sa.case(
            (t.candidate.c.frame_seq < sa.bindparam("seq"), sa.bindparam("seq")),
            else_=t.candidate.c.frame_seq,
        ),
    )
)


class CandidateRepository(Repository):
    async def add(self, candidate: Candidate) -> None:
        await self._run(t.candidate.insert().values(**_values(candidate)))

    async def save(self, candidate: Candidate) -> None:
        """Write every field of a candidate that was read in this transaction."""
        await self._locks.candidate(candidate.id)
        await self._run(
            t.candidate.update()
            .where(t.candidate.c.id == candidate.id)
            .values(**_values(candidate))
        )

    async def touch(
        self, candidate_id: str, *, last_frame_at: datetime, next_frame_ms: int, seq: int = 0
    ) -> None:
        """A frame came, with the number `seq` if it had one."""
        await self._locks.candidate(candidate_id)
        await self._run(
            _TOUCH, candidate_id=candidate_id, at=last_frame_at, interval=next_frame_ms, seq=seq
        )

    async def get(self, candidate_id: str) -> Candidate | None:
        """Where the transaction may write, the candidate stays as read until it ends."""
        await self._locks.candidate(candidate_id)
        row = await self._one(_BY_ID, candidate_id=candidate_id)
        return _candidate(row) if row else None

    async def session_of(self, candidate_id: str) -> str | None:
        """The id of the session, for whoever needs it alone before the candidate."""
        row = await self._one(
            sa.select(t.candidate.c.session_id).where(t.candidate.c.id == candidate_id)
        )
        return row["session_id"] if row else None

    async def by_token_hash(self, token_hash: str) -> Candidate | None:
        row = await self._one(_BY_TOKEN_HASH, hashed=token_hash)
        return _candidate(row) if row else None

    async def of_session(self, session_id: str) -> Sequence[Candidate]:
        """In the order in which they joined."""
        rows = await self._all(
            sa.select(t.candidate)
            .where(t.candidate.c.session_id == session_id)
            .order_by(t.candidate.c.joined_at, t.candidate.c.id)
        )
        return [_candidate(row) for row in rows]

    async def removed(self, session_id: str) -> Sequence[Candidate]:
        """Whom a proctor took out and nobody has let in again."""
        c = t.candidate.c
        rows = await self._all(
            sa.select(t.candidate).where(
                c.session_id == session_id, c.state == CandidateState.REMOVED
            )
        )
        return [_candidate(row) for row in rows]

    async def delete(self, candidate_id: str) -> None:
        """With everything that belongs to the candidate."""
        await self._run(t.candidate.delete().where(t.candidate.c.id == candidate_id))

    async def monitored(self) -> Sequence[Candidate]:
        """Everybody in a room of an open session who is expected to send frames, by session."""
        in_room = sa.and_(
            t.candidate.c.state == CandidateState.IN_ROOM, t.candidate.c.monitored.is_(True)
        )
        await self._locks.candidates(in_room)
        rows = await self._all(
            sa.select(t.candidate)
            .join(t.exam_session)
            .where(in_room, t.exam_session.c.closed_at.is_(None))
            .order_by(t.candidate.c.session_id, t.candidate.c.id)
        )
        return [_candidate(row) for row in rows]

    async def unfinished(self) -> Sequence[Candidate]:
        """Everybody of a closed session who is not out of the room, or of whom something is kept
        that goes with the end."""
        templates = sa.exists().where(t.template.c.candidate_id == t.candidate.c.id)
        left = sa.or_(
            t.candidate.c.state.in_(SITTING),
            t.candidate.c.has_still.is_(True),
            templates,
        )
        rows = await self._all(
            sa.select(t.candidate)
            .join(t.exam_session)
            .where(left, t.exam_session.c.closed_at.is_not(None))
            .order_by(t.candidate.c.session_id, t.candidate.c.id)
        )
        return [_candidate(row) for row in rows]

    async def with_still(self, ids: Sequence[str]) -> dict[str, bool]:
        """Those of `ids` that there are, and whether a newest picture of each is on record."""
        known = sa.select(t.candidate.c.id, t.candidate.c.has_still)
        rows = await self._all(known.where(t.candidate.c.id.in_(ids)))
        return {row["id"]: row["has_still"] for row in rows}

    async def names(self, session_id: str) -> dict[str, str]:
        rows = await self._all(
            sa.select(t.candidate.c.id, t.candidate.c.name).where(
                t.candidate.c.session_id == session_id
            )
        )
        return {row["id"]: row["name"] for row in rows}


def _values(candidate: Candidate) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(candidate, name) for name in _SAME_NAMES}
    consent = candidate.consent
    return values | {
        "state": candidate.state.value,
        "consent_version": consent.text_version if consent else None,
        "consent_at": consent.accepted_at if consent else None,
        "camera": candidate.camera.value,
        "waiting_reason": candidate.waiting_reason.value if candidate.waiting_reason else None,
        "matching": candidate.matching.value,
        "accommodations": stored_accommodations(candidate.accommodations),
    }


def stored_accommodations(arranged: Accommodations) -> dict[str, str | int] | None:
    return None if arranged == NOTHING_ARRANGED else arranged.as_facts()


def _candidate(row: RowMapping) -> Candidate:
    version = row["consent_version"]
    reason = row["waiting_reason"]
    return Candidate(
        **{name: row[name] for name in _SAME_NAMES},
        state=CandidateState(row["state"]),
        consent=Consent(version, row["consent_at"]) if version else None,
        camera=CameraClaim(row["camera"]),
        waiting_reason=WaitingReason(reason) if reason else None,
        matching=Matching(row["matching"]),
        accommodations=Accommodations.from_facts(row["accommodations"]),
    )
