"""Several servers on one database, each a process with a pool of its own: nobody's write is lost.

What could only happen at once is made to happen at once: both sides stand in the middle of their
transaction before either may go on, or wait for the other as the database makes them.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil.domain.actor import Organiser, Ticket
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import IllegalTransition, NothingToUndo, SessionClosed
from invigil.domain.incident import (
    Decision,
    GapCause,
    Incident,
    IncidentKind,
    IncidentState,
)
from invigil.domain.message import Event, EventKind
from invigil.domain.observation import Identity, Template, TemplateKind, vector
from invigil.domain.secrets import hash_token, new_id
from invigil.meetings import BuiltinMeetings, Meetings
from invigil.monitoring.analysis import ThreadAnalysis
from invigil.services.check_in import CheckIn
from invigil.services.review import Review
from invigil.services.sessions import Sessions
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.database import tables as t
from invigil.storage.database.engine import sqlite_url
from invigil.storage.database.migrate import upgrade
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.local import LocalShelf
from invigil.storage.incident_log import IncidentLog, open_gap
from invigil.vision.look import Analysis
from tests.storage.records import ADA, SESSION
from tests.support.clock import START, Clock
from tests.support.databases import Dialect
from tests.support.scripted import ScriptedEngine
from tests.support.sealing import VAULT, KeysOfTests

MOMENT = random.Random(11)  # noqa: S311 - the same moments each time


@pytest.fixture
def url(tmp_path: Path, dialect: Dialect) -> str:
    return dialect.url(tmp_path) or sqlite_url(tmp_path / "invigil.db")


@pytest.fixture
async def servers(url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two, with nothing in common but the database."""
    async with AsyncExitStack() as stack:
        both = (Database(url, vault=VAULT), Database(url, vault=VAULT))
        for database in both:
            stack.push_async_callback(database.close)
        await upgrade(both[0])
        async with both[0].begin() as work:
            await work.sessions.add(SESSION)
            await work.candidates.add(ADA)
            await work.keys.add(SESSION.id, ADA.id)
        yield both


def _event(candidate_id: str | None = None) -> Event:
    return Event(SESSION.id, EventKind.CANDIDATE_CHANGED, ADA.id, START, candidate_id)


def _incident(kind: IncidentKind = IncidentKind.NO_FACE) -> Incident:
    return Incident(
        new_id(), SESSION.id, ADA.id, kind, IncidentState.OPEN, START, None, updated_at=START
    )


async def _count(database: Database, table: sa.Table) -> int:
    async with database.engine.connect() as connection:
        found = await connection.scalar(sa.select(sa.func.count()).select_from(table))
    return int(found or 0)


class Follower:
    """A console: asks again and again for what came after the newest event it has seen."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seen: list[int] = []

    async def look(self) -> None:
        last = self.seen[-1] if self.seen else 0
        async with self._database.read() as work:
            found = await work.events.since(SESSION.id, last, None, 1000)
        self.seen += [event.seq for event in found]

    async def until(self, number: int) -> None:
        async with asyncio.timeout(30):
            while len(self.seen) < number:
                await self.look()
                await asyncio.sleep(0)


async def test_a_follower_of_the_event_log_misses_nothing(
    servers: tuple[Database, Database],
) -> None:
    """Writers that took their number early commit late. Had a later number become visible first,
    the follower would have gone past the earlier one for good."""

    async def write(where: Database, linger_s: float) -> None:
        async with where.begin() as work:
            work.events.note(_event())
            await work.events.write()
            await asyncio.sleep(linger_s)

    follower = Follower(servers[0])
    following = asyncio.create_task(follower.until(60))
    await asyncio.gather(*(write(servers[n % 2], MOMENT.uniform(0, 0.02)) for n in range(60)))
    await following
    assert follower.seen == list(range(1, 61))


async def test_a_number_waits_for_the_commit_of_the_one_before(
    servers: tuple[Database, Database],
) -> None:
    one, two = servers
    follower = Follower(one)

    async def second() -> int:
        async with two.begin() as work:
            return await _numbered(work)

    async with one.begin() as work:
        first = await _numbered(work)
        waiting = asyncio.create_task(second())
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
        await follower.look()
        assert follower.seen == []
    assert await waiting == first + 1
    await follower.look()
    assert follower.seen == [first, first + 1]


async def test_whoever_has_news_holds_up_others_at_the_end_only(
    servers: tuple[Database, Database],
) -> None:
    one, two = servers
    if one.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    async with one.begin() as slow:
        slow.events.note(_event())
        await slow.candidates.get(ADA.id)
        async with asyncio.timeout(20), two.begin() as quick:
            quick.events.note(_event())
        assert quick.events.pending[0].seq == 1
    assert slow.events.pending[0].seq == 2


async def test_a_snapshot_holds_all_that_its_cursor_covers(
    servers: tuple[Database, Database],
) -> None:
    """An event between two statements of one snapshot must be in both or in neither."""
    one, two = servers
    async with one.read() as reading:
        before = await reading.candidates.of_session(SESSION.id)
        async with two.begin() as work:
            await work.candidates.save(replace(ADA, name="Ada L."))
            work.events.note(_event())
        assert await reading.candidates.of_session(SESSION.id) == before
        assert await reading.events.cursor(SESSION.id) == 0


async def _numbered(work: UnitOfWork) -> int:
    """A new event's number, as it gets it at the end of its transaction."""
    work.events.note(_event())
    await work.events.write()
    return work.events.pending[-1].seq


async def _at_once(
    servers: Sequence[Database], work: Callable[[Database, int], Awaitable[None]], times: int = 20
) -> list[BaseException | None]:
    """Run it so many times at once, in turns on each server; what each raised."""
    jobs = (work(servers[n % len(servers)], n) for n in range(times))
    async with asyncio.timeout(60):
        return await asyncio.gather(*jobs, return_exceptions=True)


async def test_one_open_incident_of_a_kind_however_many_look(
    servers: tuple[Database, Database],
) -> None:
    """Read what is open, then open: nobody comes in between."""

    async def look(where: Database, _number: int) -> None:
        async with where.begin() as work:
            await work.candidates.get(ADA.id)
            if not await work.incidents.open_of(ADA.id):
                await asyncio.sleep(0.005)
                await work.incidents.add(_incident())
                work.events.note(_event())

    assert set(await _at_once(servers, look)) == {None}
    assert await _count(servers[0], t.incident) == 1
    assert await _count(servers[0], t.event) == 1


async def test_one_gap_however_many_notice_it(servers: tuple[Database, Database]) -> None:
    async def notice(where: Database, _number: int) -> None:
        async with where.begin() as work:
            for candidate in await work.candidates.monitored():
                await asyncio.sleep(0.005)
                await open_gap(work, candidate, START, GapCause.SERVER, START)

    assert set(await _at_once(servers, notice)) == {None}
    assert await _count(servers[0], t.gap) == 1


async def test_a_ticket_and_a_sign_in_link_work_once(servers: tuple[Database, Database]) -> None:
    expires = START + timedelta(seconds=30)
    ticket = Ticket("proctor", new_id(), SESSION.id, None, expires)
    async with servers[0].begin() as work:
        await work.access.add_ticket(hash_token("ticket"), ticket)
        await work.access.add_sign_in_link(hash_token("link"), expires)
    taken: list[Ticket | None] = []
    used: list[bool] = []

    async def take(where: Database, _number: int) -> None:
        async with where.begin() as work:
            taken.append(await work.access.take_ticket(hash_token("ticket"), START))
            used.append(await work.access.use_sign_in_link(hash_token("link"), START))

    assert set(await _at_once(servers, take)) == {None}
    assert [each for each in taken if each] == [ticket]
    assert used.count(True) == 1


async def test_check_in_counts_every_frame(servers: tuple[Database, Database]) -> None:
    """Each frame adds its vector to what it read: two at once must not overwrite each other."""

    async def frame(where: Database, number: int) -> None:
        async with where.begin() as work:
            await work.candidates.get(ADA.id)
            known = await work.templates.of_candidate(ADA.id)
            vectors = known[0].vectors if known else ()
            await asyncio.sleep(0.002)
            await work.templates.put(
                ADA.id, Template(TemplateKind.SESSION, "m", (*vectors, vector([number])))
            )
            await work.templates.add_check_in_frame(new_id(), ADA.id, START, Identity.MATCH)

    assert set(await _at_once(servers, frame)) == {None}
    async with servers[0].read() as work:
        (template,) = await work.templates.of_candidate(ADA.id)
        outcomes = await work.templates.check_in_outcomes(ADA.id)
    assert sorted(vector[0] for vector in template.vectors) == [float(n) for n in range(20)]
    assert len(outcomes) == 20


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(LocalShelf(tmp_path / "objects", 0), KeysOfTests())


@pytest.fixture
def analysis() -> Analysis:
    return ThreadAnalysis(ScriptedEngine(), 1)


async def test_two_who_undo_at_once_take_two_decisions_back(
    servers: tuple[Database, Database], store: EvidenceStore, clock: Clock
) -> None:
    incident = _incident()
    async with servers[0].begin() as work:
        await work.incidents.add(incident)
    desks = [Review(database, store, clock) for database in servers]
    for reason in ("first", "second", "third"):
        clock.advance(1)
        await desks[0].decide(Organiser("p", "Organiser"), incident.id, Decision.CONFIRMED, reason)

    async def undo(where: Database, _number: int) -> None:
        await desks[servers.index(where)].undo(Organiser("p", "Organiser"), incident.id)

    raised = await _at_once(servers, undo, times=4)
    assert [type(each) for each in raised if each] == [NothingToUndo]
    async with servers[0].read() as work:
        found = await work.incidents.get(incident.id)
    assert found
    assert found.decision is None


async def test_entering_and_leaving_at_once_end_in_a_state_that_the_table_allows(
    servers: tuple[Database, Database],
    store: EvidenceStore,
    clock: Clock,
    analysis: Analysis,
) -> None:
    """Both save the whole candidate: the later must have read what the earlier wrote."""
    desks = [CheckIn(database, store, analysis, clock) for database in servers]

    async def act(where: Database, number: int) -> None:
        desk = desks[servers.index(where)]
        if number % 4 < 2:
            await desk.take_tab(ADA.id, f"tab-{number}", force=True)
        else:
            await desk.leave(ADA.id)

    assert set(await _at_once(servers, act)) == {None}
    async with servers[0].read() as work:
        ada = await work.candidates.get(ADA.id)
        events = await work.events.since(SESSION.id, 0, ADA.id, 100)
    assert ada
    assert ada.state is CandidateState.FINISHED
    tabs = [event.ref for event in events if event.kind is EventKind.TAKEN_OVER]
    assert ada.tab == tabs[-1]


async def test_nobody_joins_or_goes_on_once_a_session_is_closed(
    servers: tuple[Database, Database],
    store: EvidenceStore,
    clock: Clock,
    analysis: Analysis,
) -> None:
    """Closing waits for those who are in the middle of something, and finishes them as well."""
    desks = [CheckIn(database, store, analysis, clock) for database in servers]
    sessions = Sessions(servers[1], store, clock, b"key", Meetings([BuiltinMeetings()], "builtin"))

    async def act(where: Database, number: int) -> None:
        if number == 10:
            await sessions.close(Organiser("p", "Organiser"), SESSION.id)
            return
        candidate, _ = await desks[servers.index(where)].add(SESSION, "Ben", monitored=False)
        await desks[servers.index(where)].enter(candidate.id)

    raised = await _at_once(servers, act, times=40)
    assert {type(each) for each in raised} <= {type(None), SessionClosed, IllegalTransition}
    async with servers[0].read() as work:
        states = {each.state for each in await work.candidates.of_session(SESSION.id)}
    assert CandidateState.IN_ROOM not in states


async def test_frames_closing_and_reviewing_side_by_side_never_wait_for_each_other(
    servers: tuple[Database, Database], store: EvidenceStore, clock: Clock
) -> None:
    """Locks in one order: a deadlock would show as an error of one of them."""
    people = [replace(ADA, id=new_id(), token_hash=new_id() * 2) for _ in range(4)]
    incident = _incident()
    async with servers[0].begin() as work:
        for person in people:
            await work.candidates.add(person)
        await work.incidents.add(incident)
    log, desk = IncidentLog(store), Review(servers[0], store, clock)
    sessions = Sessions(servers[1], store, clock, b"key", Meetings([BuiltinMeetings()], "builtin"))

    async def frame(work: UnitOfWork, person: Candidate) -> None:
        await work.candidates.touch(person.id, last_frame_at=START, next_frame_ms=1000)
        for kind in (IncidentKind.NO_FACE, IncidentKind.MULTIPLE_FACES):
            opened = replace(_incident(kind), candidate_id=person.id, state=IncidentState.CLOSED)
            await log.record(work, opened)

    async def act(where: Database, number: int) -> None:
        if number % 5 == 0:
            await desk.decide(Organiser("p", "Organiser"), incident.id, Decision.DISMISSED, "no")
        elif number % 5 == 1:
            async with where.begin() as work:
                for person in await work.candidates.monitored():
                    await open_gap(work, person, START, GapCause.SERVER, START)
        elif number == 42:
            await sessions.close(Organiser("p", "Organiser"), SESSION.id)
        else:
            async with where.begin() as work:
                await frame(work, people[number % len(people)])

    assert set(await _at_once(servers, act, times=60)) == {None}
    # All of them, those for one candidate as well: no number is missing and none is there twice.
    async with servers[0].engine.connect() as connection:
        found = await connection.scalars(sa.select(t.event.c.seq).order_by(t.event.c.seq))
        events = found.all()
        assert len(events) > len(people)
        assert events == list(range(1, len(events) + 1))
