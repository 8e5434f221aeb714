"""Pages that come together, as at the beginning of an exam, do not wait for one another's disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil.domain.actor import CandidateActor
from invigil.services.access import Access
from invigil.services.event_log import EventLog
from invigil.storage.database import Database
from tests.storage.records import ADA, SESSION, filled
from tests.support.clock import START

PAGES = 200
_DAY = timedelta(days=1)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with filled(tmp_path) as database:
        yield database


@pytest.fixture
def commits() -> Iterator[list[str]]:
    """Grows with every commit and every view of any SQLite engine while the test runs."""
    seen: list[str] = []
    listeners = {name: lambda _, name=name: seen.append(name) for name in ("commit", "rollback")}
    for name, listener in listeners.items():
        sa.event.listen(sa.Engine, name, listener)
    yield seen
    for name, listener in listeners.items():
        sa.event.remove(sa.Engine, name, listener)


async def test_tickets_share_their_transactions(database: Database, commits: list[str]) -> None:
    access = Access(database, lambda: START, link_life=_DAY, login_life=_DAY)
    ada = CandidateActor(ADA.id, SESSION.id, token_hash=ADA.token_hash)
    commits.clear()
    async with asyncio.TaskGroup() as pages:
        issued = [
            pages.create_task(access.issue_ticket(ada, SESSION.id, f"tab-{number}"))
            for number in range(PAGES)
        ]
    tickets = [each.result() for each in issued]
    async with asyncio.TaskGroup() as pages:
        taken = [pages.create_task(access.take_ticket(ticket)) for ticket in tickets]
        again = pages.create_task(access.take_ticket(tickets[0]))
    tabs = {ticket.tab for each in taken if (ticket := each.result()) is not None}
    assert tabs == {f"tab-{number}" for number in range(PAGES)}
    assert again.result() is None
    assert commits.count("commit") < PAGES / 10


async def test_looks_into_the_event_log_share_their_views(
    database: Database, commits: list[str]
) -> None:
    log = EventLog(database)
    commits.clear()
    async with asyncio.TaskGroup() as pages:
        for _ in range(PAGES):
            pages.create_task(log.since(SESSION.id, 0, ADA.id, 10))
            pages.create_task(log.cursor(SESSION.id))
    assert 0 < len(commits) < PAGES / 10
