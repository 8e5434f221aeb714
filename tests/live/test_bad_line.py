"""A line that is bad: it comes and goes, it is slow, it stalls. One open incident, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient, TransportError

from invigil.domain.actor import OPERATOR
from tests.support.chaos import Chaos, chaos
from tests.support.clock import Clock
from tests.support.house import JPEG, Candidate, Json, Proctor, Running, read
from tests.support.scripted import ScriptedEngine
from tests.support.server import Page, candidate_ticket, console, dial, serving
from tests.support.wait import until

ON_S, OFF_S, MINUTES = 5, 20, 10


@pytest.fixture
async def up(tmp_path: Path, clock: Clock, dialect: object) -> AsyncIterator[Running]:
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as house:
        yield house


@pytest.fixture
async def line(up: Running) -> AsyncIterator[Chaos]:
    async with chaos(int(up.base_url.rpartition(":")[2])) as proxy:
        yield proxy


class AtHome:
    """A candidate's page behind the bad line: its requests, and its socket."""

    def __init__(self, up: Running, ada: Candidate, line: Chaos) -> None:
        self.up = up
        self.ada = ada
        self.line = line
        self.page: Page | None = None

    def client(self) -> AsyncClient:
        return AsyncClient(
            base_url=f"http://127.0.0.1:{self.line.port}",
            headers={"Authorization": f"Bearer {self.ada.token}"},
            timeout=20,
            trust_env=False,
        )

    async def frame(self) -> Json | None:
        """The server's answer; None when the line did not carry it."""
        try:
            async with self.client() as client:
                answer = await client.post(
                    "/api/v1/candidates/me/frames",
                    content=b"me",
                    headers=JPEG | await self.ada.number(client),
                )
                return read(answer)
        except TransportError:
            return None

    async def connect(self) -> None:
        self.page = await dial(self.up, await candidate_ticket(self.ada), line=self.line.port)
        await self.page.until("hello")

    async def lost(self, proctor: Proctor, session: Json) -> None:
        """The line goes, and the server has noticed."""
        self.line.down()
        if self.page is not None:
            await self.page.close()

        async def offline() -> bool:
            return not (await proctor.candidate(session, self.ada.id))["online"]

        await until(offline)


async def test_ten_minutes_of_a_line_that_comes_and_goes(up: Running, line: Chaos) -> None:
    proctor = await up.proctor()
    session = await proctor.open_session()
    ada = await up.enter(session, face=b"me")
    home = AtHome(up, ada, line)
    taken = 0
    for _ in range(MINUTES * 60 // (ON_S + OFF_S)):
        line.line.up = True
        await home.connect()
        taken += await home.frame() is not None
        await up.tick(ON_S)
        await home.lost(proctor, session)
        assert await home.frame() is None
        await up.tick(OFF_S)
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["state"]) == ("camera_lost", "open")
    assert incident["detail"]["cause"] == "connection"
    seen = await proctor.snapshot(session)
    assert len(seen["gaps"]) == taken == MINUTES * 60 // (ON_S + OFF_S)
    assert {gap["cause"] for gap in seen["gaps"]} == {"connection"}
    assert sum(gap["ended_at"] is None for gap in seen["gaps"]) == 1
    assert seen["candidates"][0]["state"] == "in_room"
    line.line.up = True
    assert await home.frame()
    (incident,) = await proctor.incidents(session)
    assert incident["state"] == "closed"


async def test_a_short_break_is_no_incident_at_all(up: Running, line: Chaos) -> None:
    proctor = await up.proctor()
    session = await proctor.open_session()
    home = AtHome(up, await up.enter(session, face=b"me"), line)
    for _ in range(20):
        line.line.up = True
        assert await home.frame()
        await up.tick(5)
        line.down()
        assert await home.frame() is None
        await up.tick(5)
    seen = await proctor.snapshot(session)
    assert seen["incidents"] == seen["gaps"] == []


async def test_a_slow_line_that_stalls_brings_everything_in_order(up: Running, line: Chaos) -> None:
    """300 ms more each way, 256 kbit/s, now and then nothing at all."""
    proctor = await up.proctor()
    session = await proctor.open_session()
    ada = await up.enter(session, face=b"me")
    home = AtHome(up, ada, line)
    line.line.latency_s, line.line.bytes_per_s = 0.15, 32_000
    await home.connect()
    assert home.page
    async with await console(up, proctor, session) as watching, home.page:
        for number in range(4):
            line.line.stalled = True
            sending = asyncio.create_task(home.frame())
            said = await proctor.client.post(
                f"/api/v1/candidates/{ada.id}/messages", json={"text": str(number)}
            )
            read(said, 201)
            line.line.stalled = False
            assert await sending
        told = [(await home.page.event("message"))["event"]["message"] for _ in range(4)]
        assert [each["text"] for each in told] == ["0", "1", "2", "3"]
        assert (await watching.until("tile"))["candidate_id"] == ada.id
    assert await proctor.incidents(session) == []
    stored, _ = await up.rooms.sessions.observations(OPERATOR, ada.id, None, 100)
    assert len(stored) == 4
