"""Who may send frames now."""

from __future__ import annotations

from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import (
    InvigilError,
    NotInRoom,
    Paused,
    Removed,
    SessionClosed,
    TakenOver,
)
from invigil.domain.session import ExamSession
from invigil.domain.upload import Upload, require_number
from invigil.monitoring.uploads import taken_over
from invigil.storage.database import UnitOfWork


def require_may_send(
    candidate: Candidate, session: ExamSession, tab: str | None, upload: Upload | None
) -> None:
    """Raises where no frame is wanted, or not this one. A number that was used is no matter here:
    what it means is looked at later (`monitoring.uploads`), and may be graver.
    """
    error: InvigilError | None = None
    if session.closed:
        error = SessionClosed()
    elif candidate.state is not CandidateState.IN_ROOM:
        error = _not_watched(candidate)
    elif taken_over(candidate, tab) and (upload is None or upload.is_next(candidate)):
        error = TakenOver()
    if error is not None:
        raise error
    require_number(candidate, upload)


async def watched(work: UnitOfWork, candidate_id: str) -> Candidate:
    """The candidate, who is in the room. Raises where that is over."""
    current = await work.candidates.get(candidate_id)
    if current is None or current.state is not CandidateState.IN_ROOM:
        raise _not_watched(current)
    return current


def _not_watched(candidate: Candidate | None) -> InvigilError:
    match candidate and candidate.state:
        case CandidateState.PAUSED:
            return Paused()
        case CandidateState.REMOVED:
            return Removed()
    return NotInRoom()
