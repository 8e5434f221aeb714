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

from httpx2 import AsyncClient, TransportError

from tests.support import pictures
from tests.support.house import Candidate, Json, Proctor, read
from tests.support.ports import free_port
from tests.support.process import PATIENCE_S, Served, alive, children, served

KILLS = 8
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

    def check(self, data: Path) -> None:
        with closing(sqlite3.connect(data / "invigil.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            stored = {row[0] for row in connection.execute("SELECT id FROM observation")}
            texts = {row[0] for row in connection.execute("SELECT id FROM message")}
            seqs = [row[0] for row in connection.execute("SELECT seq FROM event ORDER BY seq")]
        assert self.observations <= stored
        assert self.messages <= texts
        assert seqs == list(range(1, len(seqs) + 1))


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


async def test_what_was_acknowledged_survives_being_killed_again_and_again(
    tmp_path: Path,
) -> None:
    data, port = tmp_path / "data", free_port()
    ledger = Ledger()
    async with served(data, port) as up:
        proctor = await up.proctor()
        session = await proctor.open_session(sampling_interval_s=1)
        ada = await enter(up, session)
        await second_person(ada)
        (incident,) = await proctor.incidents(session)
        decided = await proctor.decide(incident, "confirmed")
        await up.end(signal.SIGKILL)
    for _ in range(KILLS):
        async with served(data, port) as up:
            # The cookie and the token of before the kill.
            await still_there(proctor, session, decided)
            work = [
                asyncio.create_task(ledger.frames(ada)),
                asyncio.create_task(ledger.words(proctor, ada)),
            ]
            await killed_while(up, work, ledger)
        ledger.check(data)
    assert len(ledger.observations) >= 2 * KILLS
    assert ledger.messages
    await proctor.client.aclose()
    await ada.client.aclose()


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
