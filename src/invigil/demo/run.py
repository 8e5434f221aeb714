"""Candidates that come over HTTP like real ones, each with a part to play."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2
import structlog

from invigil.api.deps import House
from invigil.demo.scenes import PEOPLE, Scene
from invigil.domain.audit import COMMAND_LINE
from invigil.services.sessions import NewSession

log = structlog.get_logger(__name__)

NAMES = ("Alex", "Billie", "Charlie", "Dana", "Eden", "Frankie", "Gale", "Harper")
ACT_AFTER_S = 20.0
ACT_FOR_S = 25.0
ROUND_S = 90.0
"""The parts repeat after this long, so that whoever looks later still sees something."""

People = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What somebody's camera shows, by seconds since entering the room."""

    title: str
    acts: Callable[[People], People]

    def people(self, own: str, seconds: float) -> People:
        into_round = seconds % ROUND_S
        acting = ACT_AFTER_S <= into_round < ACT_AFTER_S + ACT_FOR_S
        return self.acts((own,)) if acting else (own,)


def _other(own: str) -> str:
    return PEOPLE[(PEOPLE.index(own) + 1) % len(PEOPLE)]


PARTS: Sequence[Part] = (
    Part("swaps", lambda own: (_other(own[0]),)),
    Part("is joined", lambda own: (own[0], _other(own[0]))),
    Part("leaves", lambda _own: ()),
    Part("behaves", lambda own: own),
    Part("behaves", lambda own: own),
    Part("behaves", lambda own: own),
)


async def _prepare(house: House) -> tuple[str, str]:
    session = await house.sessions.create(
        NewSession("Demonstration exam", sampling_interval_s=3), COMMAND_LINE
    )
    return house.sessions.join_code(session), session.id


def start(house: House, candidates: int) -> None:
    """Open a session and send simulated candidates into it, beside the running server."""

    async def begin() -> None:
        code, session_id = await _prepare(house)
        base_url = house.settings.base_url
        print(f"The demonstration's console: {base_url}/sessions/{session_id}", flush=True)
        threading.Thread(
            target=lambda: asyncio.run(play(base_url, code, candidates)),
            name="demo",
            daemon=True,
        ).start()

    task = asyncio.get_running_loop().create_task(begin())
    task.add_done_callback(lambda done: done.result())


async def play(base_url: str, code: str, candidates: int) -> None:
    """All candidates until the server ends."""
    async with asyncio.TaskGroup() as tasks:
        for number, part in zip(range(candidates), itertools.cycle(PARTS)):
            tasks.create_task(_Actor(base_url, code, number, part).live())


class _Actor:
    """One simulated candidate."""

    def __init__(self, base_url: str, code: str, number: int, part: Part) -> None:
        self._client = httpx2.AsyncClient(base_url=f"{base_url}/api/v1", timeout=30)
        self._code = code
        self._part = part
        self._own = PEOPLE[number % len(PEOPLE)]
        self._name = f"{NAMES[number % len(NAMES)]} ({part.title})"
        self._scene = Scene(seed=number)

    async def live(self) -> None:
        async with self._client:
            await self._check_in()
            entered = time.monotonic()
            while True:
                people = self._part.people(self._own, time.monotonic() - entered)
                await asyncio.sleep(await self._send(people))

    async def _check_in(self) -> None:
        info = (await self._client.get(f"/join/{self._code}")).raise_for_status().json()
        consent = {"version": info["consent"]["version"], "accepted": True, "compare_face": True}
        joined = await self._client.post(
            f"/join/{self._code}", json={"name": self._name, "consent": consent}
        )
        token = joined.raise_for_status().json()["token"]
        self._client.headers["Authorization"] = f"Bearer {token}"
        photo = self._scene.frame(self._own)
        answer = await self._client.put("/candidates/me/reference-photo", content=photo)
        answer.raise_for_status()
        state = "checking_in"
        while state == "checking_in":
            answer = await self._client.post(
                "/candidates/me/check-in-frames", content=self._scene.frame(self._own)
            )
            state = answer.raise_for_status().json()["state"]
        (await self._client.post("/candidates/me/enter")).raise_for_status()

    async def _send(self, people: People) -> float:
        """Send a frame; seconds until the next one."""
        try:
            answer = await self._client.post(
                "/candidates/me/frames",
                content=self._scene.frame(*people),
                headers={"Content-Type": "image/jpeg"},
            )
            answer.raise_for_status()
        except httpx2.HTTPError as error:
            log.warning("demo candidate could not send", reason=type(error).__name__)
            return 3.0
        return float(answer.json()["next_frame_ms"]) / 1000
