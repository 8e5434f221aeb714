"""An exam session with one candidate in it, as tests of the database want them."""

from __future__ import annotations

from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.secrets import new_id
from invigil.domain.session import ExamSession
from invigil.storage.database import Database
from invigil.storage.database.migrate import upgrade
from tests.support.clock import START

SESSION = ExamSession(new_id(), "Algebra", 5, 30, None, START)
ADA = Candidate(new_id(), SESSION.id, "Ada", CandidateState.IN_ROOM, START, token_hash="0" * 64)


async def fill(database: Database) -> None:
    """The newest tables, and both of them."""
    await upgrade(database)
    async with database.begin() as work:
        await work.sessions.add(SESSION)
        await work.candidates.add(ADA)
