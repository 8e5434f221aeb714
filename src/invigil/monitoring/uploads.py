"""Frames whose number is not the next one: late, twice, or sent again by somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from invigil.domain.candidate import Candidate
from invigil.domain.changes import Change
from invigil.domain.errors import (
    FrameNotNumbered,
    FrameReplayed,
    InvigilError,
    NotInRoom,
    TakenOver,
)
from invigil.domain.incident import Incident, IncidentKind, ObservationRecord
from invigil.domain.upload import Upload
from invigil.rules import judge_replay
from invigil.storage.database import UnitOfWork
from invigil.storage.incident_log import IncidentLog


def taken_over(candidate: Candidate, tab: str | None) -> bool:
    """Whether another tab than the one that sends is in use now."""
    return tab is not None and candidate.tab is not None and tab != candidate.tab


async def answer_again(
    work: UnitOfWork,
    incidents: IncidentLog,
    candidate_id: str,
    upload: Upload,
    *,
    tab: str | None,
    now: datetime,
) -> ObservationRecord | InvigilError | None:
    """What was observed of the frame when it came first, or the error to answer with.

    None where it was acknowledged without a look. An incident is opened for a replay; an error is
    given and not raised, so that the incident is committed.
    """
    candidate = await work.candidates.get(candidate_id)
    if candidate is None:
        return NotInRoom()
    first = await work.observations.of_upload(candidate_id, upload)
    if first is None:
        return _never_seen(candidate, upload, tab)
    observed, digest = first
    if upload.is_same(digest, observed.received_at, now):
        return TakenOver() if taken_over(candidate, tab) else observed
    known = await work.incidents.open_of(candidate_id)
    change = judge_replay(now, _replay(known), replayed=True)
    await incidents.apply(work, candidate, () if change is None else (change,), now)
    return FrameReplayed()


def replays_over(incidents: Sequence[Incident], now: datetime) -> Sequence[Change]:
    """What a proper frame ends. `incidents`: the candidate's open ones."""
    change = judge_replay(now, _replay(incidents), replayed=False)
    return () if change is None else (change,)


def _never_seen(candidate: Candidate, upload: Upload, tab: str | None) -> InvigilError | None:
    """Nothing was kept under this number, so nobody can have sent it again in bad faith."""
    if taken_over(candidate, tab):
        return TakenOver()
    last = upload.window == candidate.frame_window and upload.seq == candidate.frame_seq
    return None if last else FrameNotNumbered()


def _replay(incidents: Sequence[Incident]) -> Incident | None:
    return next((i for i in incidents if i.kind is IncidentKind.FRAME_REPLAYED), None)
