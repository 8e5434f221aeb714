"""An exam session with one candidate in it, as tests of the database want them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.secrets import new_id
from invigil.domain.session import ExamSession
from invigil.storage.database import Database
from invigil.storage.database.engine import sqlite_url
from invigil.storage.database.migrate import upgrade
from tests.support.clock import START

SESSION = ExamSession(new_id(), "Algebra", 5, 30, None, START)
ADA = Candidate(new_id(), SESSION.id, "Ada", CandidateState.IN_ROOM, START, token_hash="0" * 64)


@asynccontextmanager
async def filled(folder: Path) -> AsyncIterator[Database]:
    """On SQLite, for as long as it is wanted."""
    database = Database(sqlite_url(folder / "invigil.db"))
    await fill(database)
    yield database
    await database.close()


async def fill(database: Database) -> None:
    """The newest tables, and both of them."""
    await upgrade(database)
    async with database.begin() as work:
        await work.sessions.add(SESSION)
        await work.candidates.add(ADA)
