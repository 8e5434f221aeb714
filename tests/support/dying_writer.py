"""Writes ten units and says so, then is killed around the commit of ten more.

Run as `python tests/support/dying_writer.py DATABASE before|after`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from invigil.domain.message import Event, EventKind
from invigil.domain.session import ExamSession
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.database.engine import sqlite_url
from invigil.storage.database.migrate import upgrade

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
SESSION = ExamSession("s" * 32, "Algebra", 5, 30, None, NOW)


def die(_events: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Feed:
    """Hears of events once they are committed, and before anybody is answered."""

    def __init__(self) -> None:
        self.deadly = False

    def __call__(self, events: object) -> None:
        if self.deadly:
            die(events)


async def write(database: Database, ref: str) -> None:
    async def unit(work: UnitOfWork) -> None:
        work.events.note(Event(SESSION.id, EventKind.CANDIDATE_CHANGED, ref, NOW))

    await database.write(unit)
    print(ref, flush=True)


async def main(path: Path, moment: str) -> None:
    feed = Feed()
    database = Database(sqlite_url(path), after_commit=feed)
    await upgrade(database)
    async with database.begin() as work:
        await work.sessions.add(SESSION)
    await asyncio.gather(*(write(database, f"first-{n}") for n in range(10)))
    if moment == "before":
        sa.event.listen(sa.Engine, "commit", die)
    else:
        feed.deadly = True
    await asyncio.gather(*(write(database, f"second-{n}") for n in range(10)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
