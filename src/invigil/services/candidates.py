"""What every use case about one candidate begins and ends with."""

from __future__ import annotations

from datetime import datetime

from invigil.domain.candidate import Candidate
from invigil.domain.errors import NotFound, SessionClosed
from invigil.domain.message import Event, EventKind
from invigil.domain.session import ExamSession
from invigil.storage.database import UnitOfWork


async def load(work: UnitOfWork, candidate_id: str) -> tuple[Candidate, ExamSession]:
    """The candidate and the session. Raises `NotFound`."""
    candidate = await work.candidates.get(candidate_id)
    if candidate is None:
        raise NotFound
    session = await work.sessions.get(candidate.session_id)
    if session is None:
        raise NotFound
    return candidate, session


async def load_open(work: UnitOfWork, candidate_id: str) -> tuple[Candidate, ExamSession]:
    """The same for an open session. Raises `SessionClosed` otherwise."""
    candidate, session = await load(work, candidate_id)
    if session.closed:
        raise SessionClosed
    return candidate, session


async def save(work: UnitOfWork, candidate: Candidate, now: datetime) -> None:
    """Write the candidate and tell the proctors and the candidate's own page."""
    await work.candidates.save(candidate)
    session_id = candidate.session_id
    work.events.note(Event(session_id, EventKind.CANDIDATE_CHANGED, candidate.id, now))
    work.events.note(Event(session_id, EventKind.STATE_CHANGED, candidate.id, now, candidate.id))
