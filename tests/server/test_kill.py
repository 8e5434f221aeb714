"""The process may die at any moment. Whatever was acknowledged is still there afterwards."""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from httpx2 import AsyncClient, TransportError

from invigil.storage.database import Database
from invigil.storage.database import tables as t
from invigil.storage.database.engine import sqlite_url
from tests.support import pictures
from tests.support.databases import Dialect
from tests.support.house import Candidate, Json, Proctor, read
from tests.support.invariants import log_is_whole
from tests.support.ports import free_port
from tests.support.process import PATIENCE_S, Served, alive, children, served

READY_WITHIN_S = 10.0
MEASURED = 50
"""From so many on it is a measurement, for a machine that does nothing else."""

MOMENT = random.Random(7)  # noqa: S311 - the same moments each time


@dataclass
class Ledger:
    """What the server has said yes to, as its clients remember it."""

    observations: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)

    async def frames(self, ada: Candidate) -> None:
        while True:
            reply = read(await ada.send(pictures.obama()))
            self.observations.add(reply["observation"]["id"])
            await asyncio.sleep(0.02)

    async def words(self, proctor: Proctor, ada: Candidate) -> None:
        while True:
            address = f"/api/v1/candidates/{ada.id}/messages"
            sent = read(await proctor.client.post(address, json={"text": "Hello"}), 201)
            self.messages.add(sent["id"])

    async def check(self, data: Path, url: str | None) -> None:
        """Everything is there once, the logs are whole, and the file is sound."""
        if url is None:
            with closing(sqlite3.connect(data / "invigil.db")) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database = Database(url or sqlite_url(data / "invigil.db"))
        try:
            async with database.engine.connect() as connection:
                stored = (await connection.scalars(sa.select(t.observation.c.id))).all()
                texts = (await connection.scalars(sa.select(t.message.c.id))).all()
            await log_is_whole(database)
        finally:
            await database.close()
        assert self.observations <= set(stored)
        assert self.messages <= set(texts)


async def enter(up: Served, session: Json) -> Candidate:
    code = session["join_url"].rpartition("/")[2]
    async with up.client() as client:
        version = read(await client.get(f"/api/v1/join/{code}"))["consent"]["version"]
        body = {
            "name": "Ada",
            "consent": {"version": version, "accepted": True, "compare_face": True},
        }
        joined = read(await client.post(f"/api/v1/join/{code}", json=body), 201)
    ada = up.candidate(joined["candidate"]["id"], joined["token"])
    await ada.check_in(pictures.obama())
    read(await ada.post("enter"))
    return ada


async def second_person(ada: Candidate) -> None:
    for _ in range(4):
        read(await ada.send(pictures.two_people()))
        await asyncio.sleep(0.4)


async def still_there(proctor: Proctor, session: Json, decided: Json) -> None:
    (incident,) = [each for each in await proctor.incidents(session) if each["id"] == decided["id"]]
    assert incident["decision"] == decided["decision"]
    (evidence,) = incident["evidence"]
    photo = await proctor.client.get(evidence["url"])
    assert hashlib.sha256(photo.content).hexdigest() == evidence["sha256"]


async def killed_while(up: Served, work: list[asyncio.Task[None]], ledger: Ledger) -> None:
    """Kill the server in the middle of this work; its helpers go with it."""
    enough = len(ledger.observations) + MOMENT.randint(2, 6)
    async with asyncio.timeout(PATIENCE_S):
        while len(ledger.observations) < enough and not any(task.done() for task in work):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await asyncio.sleep(MOMENT.uniform(0, 0.05))
    helpers = children(up.process.pid)
    assert not [task.exception() for task in work if task.done()]
    await up.end(signal.SIGKILL)
    for task in work:
        with suppress(TransportError):
            await task
    async with asyncio.timeout(PATIENCE_S):
        while any(alive(pid) for pid in helpers):  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
async def test_what_was_acknowledged_survives_being_killed_again_and_again(
    tmp_path: Path, dialect: Dialect, kills: int
) -> None:
    data, port = tmp_path / "data", free_port()
    url = dialect.url(data)
    chosen = {"INVIGIL_DATABASE_URL": url} if url else {}
    ledger, slowest = Ledger(), 0.0
    async with served(data, port, **chosen) as up:
        proctor = await up.proctor()
        session = await proctor.open_session(sampling_interval_s=1)
        ada = await enter(up, session)
        await second_person(ada)
        (incident,) = await proctor.incidents(session)
        decided = await proctor.decide(incident, "confirmed")
        await up.end(signal.SIGKILL)
    for _ in range(kills):
        began = time.monotonic()
        async with served(data, port, **chosen) as up:
            async with up.client() as anybody:
                assert read(await anybody.get("/readyz")) == {"status": "ok"}
            slowest = max(slowest, time.monotonic() - began)
            # The cookie and the token of before the kill.
            await still_there(proctor, session, decided)
            work = [
                asyncio.create_task(ledger.frames(ada)),
                asyncio.create_task(ledger.words(proctor, ada)),
            ]
            await killed_while(up, work, ledger)
        await ledger.check(data, url)
    print(f"{kills} kills: {len(ledger.observations)} frames and {len(ledger.messages)} messages")
    print(f"acknowledged, 0 lost; ready after {slowest:.1f} s at the latest")
    assert len(ledger.observations) >= 2 * kills
    assert ledger.messages
    if kills >= MEASURED:
        assert slowest <= READY_WITHIN_S
    await nobody_is_ended(proctor, data, port, session, chosen)
    await proctor.client.aclose()
    await ada.client.aclose()


async def nobody_is_ended(
    proctor: Proctor, data: Path, port: int, session: Json, chosen: dict[str, str]
) -> None:
    """All these kills are gaps of the server's, and no incident of the candidate's."""
    async with served(data, port, **chosen):
        seen = await proctor.snapshot(session)
    assert {each["state"] for each in seen["candidates"]} == {"in_room"}
    assert {each["kind"] for each in seen["incidents"]} == {"multiple_faces"}
    assert seen["gaps"]
    assert {each["cause"] for each in seen["gaps"]} == {"server"}


async def test_a_polite_end_is_quick_and_the_next_start_knows_everybody(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    async with served(data, port) as up:
        proctor = await up.proctor()
        session = await proctor.open_session()
        async with AsyncClient(base_url=up.base_url, trust_env=False) as client:
            assert read(await client.get("/healthz"))["status"] == "ok"
            assert read(await client.get("/readyz")) == {"status": "ok"}
        began = time.monotonic()
        # uvicorn repeats the signal to itself after its clean end, so that the parent knows.
        assert await up.end(signal.SIGTERM) in {0, -signal.SIGTERM}
        assert time.monotonic() - began < 8
    async with served(data, port) as up:
        assert (await proctor.snapshot(session))["session"]["id"] == session["id"]
        await up.end(signal.SIGTERM)
    await proctor.client.aclose()
