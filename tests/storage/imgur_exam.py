"""An exam whose pictures go to a server that answers as Imgur does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, files_under, read, running
from tests.support.imgur import CLIENT_ID, Imgur
from tests.support.scripted import ScriptedEngine


@asynccontextmanager
async def serving(
    tmp_path: Path, clock: Clock, imgur: Imgur, **chosen: Any
) -> AsyncIterator[Running]:
    ours = {"evidence_url": "imgur:", "imgur_client_id": CLIENT_ID, "imgur_url": imgur.url}
    async with running(tmp_path / "data", clock, ScriptedEngine(), **{**ours, **chosen}) as house:
        yield house


class Exam:
    """Somebody who checked in, and one incident after another."""

    def __init__(self, house: Running, proctor: Proctor, session: Json, ada: Candidate) -> None:
        self.house, self.proctor, self.session, self.ada = house, proctor, session, ada
        self.number = 0

    @classmethod
    async def open(cls, house: Running) -> Exam:
        proctor = await house.proctor()
        session = await proctor.open_session(retention_days=7)
        return cls(house, proctor, session, await house.enter(session, face=b"me"))

    async def misbehave(self) -> None:
        self.number += 1
        for word in (b"two", b"me"):
            await self.ada.film(b"%s %d" % (word, self.number), 12)

    async def step(self) -> int:
        """One round of sending on."""
        assert self.house.storage.forwarder
        return await self.house.storage.forwarder.step()

    async def image(self) -> Any:
        """The answer to who asks for the newest incident's picture."""
        (evidence,) = (await self.proctor.incidents(self.session))[-1]["evidence"]
        return await self.proctor.client.get(f"/api/v1/evidence/{evidence['id']}")

    async def trouble(self) -> str:
        found: str | None = read(await self.proctor.client.get("/api/v1/system"))["text"]
        return found or ""

    @property
    def spooled(self) -> list[str]:
        return files_under(self.house.objects.parent / "spool" / "waiting")

    @property
    def receipts(self) -> list[str]:
        return files_under(self.house.objects.parent / "imgur")
