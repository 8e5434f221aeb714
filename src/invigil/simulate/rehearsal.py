"""The rehearsal from the first look at the server to the check of what it kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

from invigil.bench.people import Candidate, Pictures, agreement
from invigil.simulate.acting import Sort
from invigil.simulate.audit import Audit, all_incidents, audit
from invigil.simulate.console import (
    Console,
    Json,
    Proctor,
    open_session,
    require_no_exam,
    require_simulated,
)
from invigil.simulate.page import Page, Stage
from invigil.simulate.place import Place, require_invigil
from invigil.simulate.plan import TITLE, CannotRehearse, Ledger, Plan, Tally, name_of

LAG_EVERY_S = 0.1
LEAVING_AT_ONCE = 8
SETTLE_S = 6.0
"""A console that is not woken reads the log after five seconds at the latest."""

_HALF = 0.5


@dataclass(slots=True)
class Session:
    """The session that is rehearsed in. `own`: opened for this, and closed afterwards."""

    code: str
    facts: Json
    own: bool = False

    @property
    def id(self) -> str:
        return str(self.facts["id"])


@dataclass(slots=True)
class Outcome:
    """`audit` None: nobody was signed in who could look, or the server did not let itself be looked
    into; `trouble` says why. `lags`: how late this program's own
    clock rang, in seconds; a large one means that this machine, not the server, was slow."""

    plan: Plan
    session: Session
    version: str
    tally: Tally = field(default_factory=Tally)
    ledger: Ledger = field(default_factory=Ledger)
    audit: Audit | None = None
    lags: list[float] = field(default_factory=list)
    took_s: float = 0.0
    signed_in: bool = False
    trouble: list[str] = field(default_factory=list)


class Rehearsal:
    """`stop` ends it early; what was measured until then is reported."""

    def __init__(self, place: Place, plan: Plan, patience_s: float) -> None:
        self._place = place
        self._patience_s = patience_s
        self._plan = plan
        self._proctor: Proctor | None = None
        self._console: Console | None = None
        self._over = asyncio.Event()
        self.outcome: Outcome | None = None

    def stop(self) -> None:
        self._over.set()

    @contextlib.asynccontextmanager
    async def prepared(
        self, token: str | None, code: str | None, interval_s: int, *, during_exams: bool
    ) -> AsyncIterator[Outcome]:
        """Sign in, find or open the session, and refuse what must not be. Raises
        `CannotRehearse`. At the end the session is closed, if it was opened here."""
        version = await require_invigil(self._place)
        if token is not None:
            self._proctor = Proctor(self._place, self._patience_s)
        try:
            if self._proctor is not None and token is not None:
                await self._proctor.sign_in(token)
                if not during_exams:
                    await require_no_exam(self._proctor)
            session = await self._session(code, interval_s)
            self.outcome = Outcome(
                self._plan, session, version, signed_in=self._proctor is not None
            )
            try:
                yield self.outcome
            finally:
                await self._close(self.outcome)
        finally:
            if self._proctor is not None:
                await self._proctor.close()

    async def run(self, outcome: Outcome) -> None:
        """Everybody comes, sits and leaves; then the books are compared."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        tally = outcome.tally
        if self._proctor is not None:
            self._console = Console(
                self._place, self._proctor, outcome.session.id, tally, outcome.ledger
            )
        stage = await self._stage(outcome)
        pages = self._pages(stage)
        async with self._beside(outcome, stage, pages):
            arrivals = self._plan.arrivals()
            await asyncio.gather(*(page.live(at) for page, at in zip(pages, arrivals, strict=True)))
            outcome.took_s = loop.time() - began
            await self._all_leave(pages)
            await self._settle(outcome)
        _note_announced(stage)
        if self._proctor is not None:
            try:
                outcome.audit = await audit(self._proctor, outcome.session.id, outcome.ledger)
            except CannotRehearse as error:
                outcome.trouble.append(f"What is kept could not be checked: {error}")

    async def _all_leave(self, pages: list[Page]) -> None:
        gate = asyncio.Semaphore(LEAVING_AT_ONCE)

        async def leave(page: Page) -> None:
            async with gate:
                await page.leave()

        await asyncio.gather(*map(leave, pages))

    async def _settle(self, outcome: Outcome) -> None:
        """Give the feed the time it is allowed for the last incidents."""
        if self._proctor is None:
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + SETTLE_S
        with suppress(CannotRehearse):  # the books will say so
            while loop.time() < until:
                found = await all_incidents(self._proctor, outcome.session.id)
                if {each["id"] for each in found} <= outcome.ledger.incidents:
                    return
                await asyncio.sleep(0.5)

    async def _session(self, code: str | None, interval_s: int) -> Session:
        if code is None:
            if self._proctor is None:
                raise CannotRehearse("Give a sign-in link with --sign-in, or a --join-link.")
            found = await open_session(self._proctor, interval_s)
            return Session(found["join_url"].rpartition("/")[2], found, own=True)
        connection = self._place.connection()
        try:
            reply = await connection.request("GET", f"/api/v1/join/{code}", {})
        finally:
            connection.close()
        if not reply.ok:
            error = reply.json()["error"]
            raise CannotRehearse(f"{error['message']} {error['fix']}")
        session = Session(code, reply.json()["session"])
        if self._proctor is not None:
            await require_simulated(self._proctor, session.id)
        elif session.facts["title"] != TITLE:
            raise CannotRehearse(
                "Without --sign-in nobody can tell whether real candidates are in this session. "
                f'Sign in, or open a session with the title "{TITLE}" and use its join link.'
            )
        return session

    async def _stage(self, outcome: Outcome) -> Stage:
        connection = self._place.connection()
        try:
            consent = await agreement(connection, outcome.session.code)
        finally:
            connection.close()
        return Stage(
            place=self._place,
            code=outcome.session.code,
            consent=consent,
            interval_s=float(outcome.session.facts["sampling_interval_s"]),
            # Composing them takes a second in which nothing else is to wait.
            pictures=await asyncio.to_thread(Pictures),
            tally=outcome.tally,
            ledger=outcome.ledger,
            over=self._over,
            settled_at_s=asyncio.get_running_loop().time() + self._plan.settled_s,
            approve=None if self._console is None else self._console.approve,
            jitter=self._plan.jitter,
        )

    def _pages(self, stage: Stage) -> list[Page]:
        actors = {number: place for place, number in enumerate(sorted(self._plan.actors()))}
        sorts = (Sort.SWAP, Sort.SECOND_PERSON)
        return [
            Page(
                stage,
                Candidate(self._place.connection(), number, name_of(number)),
                sorts[actors[number] % len(sorts)] if number in actors else Sort.NONE,
            )
            for number in range(self._plan.candidates)
        ]

    @contextlib.asynccontextmanager
    async def _beside(
        self, outcome: Outcome, stage: Stage, pages: list[Page]
    ) -> AsyncIterator[None]:
        """What goes on while the candidates sit."""
        work = [self._end_in_time(), self._watch_lag(outcome)]
        if self._plan.storm_every_s:
            work.append(self._storms(outcome.tally, pages))
        tasks = [asyncio.create_task(each) for each in work]
        if self._console is not None:
            tasks.append(asyncio.create_task(self._console.run()))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._console.opened.wait(), 10)
            tasks.append(asyncio.create_task(self._announce(self._console, stage)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result

    async def _end_in_time(self) -> None:
        await asyncio.sleep(self._plan.seconds)
        self._over.set()

    async def _watch_lag(self, outcome: Outcome) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            outcome.lags.append(loop.time() - due)

    async def _storms(self, tally: Tally, pages: list[Page]) -> None:
        while True:
            await asyncio.sleep(self._plan.storm_every_s)
            tally.storms += 1
            for page in pages:
                page.storm()
            if self._console is not None:
                self._console.storm()

    async def _announce(self, console: Console, stage: Stage) -> None:
        """One word to everybody at half time."""
        await asyncio.sleep(self._plan.seconds * _HALF)
        stage.announced_s = asyncio.get_running_loop().time()
        try:
            stage.announced = await console.announce()
        except CannotRehearse:
            stage.tally.error("announcement: no answer")

    async def _close(self, outcome: Outcome) -> None:
        session = outcome.session
        if session.own and self._proctor is not None:
            try:
                await self._proctor.ask("POST", f"sessions/{session.id}/close")
            except CannotRehearse as error:
                outcome.trouble.append(f"The session could not be closed: {error}")
                session.own = False


def _note_announced(stage: Stage) -> None:
    """How long the announcement took to reach each page, and whom it never reached."""
    for message in stage.announced:
        if message in stage.heard_s:
            took = stage.heard_s[message] - stage.announced_s
            stage.tally.announced.seconds.append(took)
        else:
            stage.tally.announced.errors += 1
