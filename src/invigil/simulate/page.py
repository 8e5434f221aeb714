"""One simulated candidate: from the join link through check-in and room to the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from invigil.bench.http import Reply, kind_of
from invigil.bench.latencies import Latencies
from invigil.bench.people import Candidate, Pictures
from invigil.bench.wire import Letter, LiveSocket, back_off_s
from invigil.simulate.acting import Camera, Sort
from invigil.simulate.place import AWAY, Place, refusal
from invigil.simulate.plan import JITTER, CannotRehearse, Ledger, Tally

MESSAGE = "A question of a simulated candidate."
ASKING = 10
"""One in so many candidates has a question."""

_TRANSIENT = AWAY | {408, 425, 429, 500}
_STRETCHED = 1.05

Call = Callable[[], Awaitable[Reply]]


class Over(Exception):
    """This candidate cannot, or need not, go on."""


@dataclass(slots=True)
class Stage:
    """What all candidates of a rehearsal share. `over` ends everybody's work; `approve`: how a
    proctor lets somebody in whom the comparison could not settle."""

    place: Place
    code: str
    consent: dict[str, Any]
    interval_s: float
    pictures: Pictures
    tally: Tally
    ledger: Ledger
    over: asyncio.Event
    approve: Callable[[str], Awaitable[None]] | None
    jitter: float = JITTER
    heard_s: dict[str, float] = field(default_factory=dict)
    """When the page of its candidate had each message."""

    announced: list[str] = field(default_factory=list)
    announced_s: float = 0.0
    settled_at_s: float = 0.0


class Page:
    """The candidate's browser and what sits before it."""

    def __init__(self, stage: Stage, candidate: Candidate, sort: Sort = Sort.NONE) -> None:
        self._stage = stage
        self._tally = stage.tally
        self.candidate = candidate
        self._camera = Camera(stage.pictures, candidate.number, sort, stage.tally)
        self._chance = random.Random(candidate.number)  # noqa: S311 - no secrets
        self._socket = LiveSocket(
            stage.place.url, stage.tally.sockets, self._ticket, self._hear, stage.place.tls
        )
        self._answered_s = 0.0
        self._asked = False

    async def live(self, after_s: float) -> None:
        """Everything this candidate does; ends when the rehearsal is over."""
        with suppress(Over):
            await self._pause(after_s)
            await self._join()
            reading = asyncio.create_task(self._socket.run())
            try:
                await self._check_in()
                self._tally.inside += 1
                await self._sit()
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await reading
        self.candidate.hang_up()

    async def leave(self) -> None:
        """Done with the exam. Tried once: closing the session ends it as well."""
        if self.candidate.id:
            with suppress(OSError, EOFError, ValueError):
                await self.candidate.send("POST", "leave")
        self.candidate.hang_up()

    def storm(self) -> None:
        """Lose every connection at once."""
        self._socket.drop()
        self.candidate.hang_up()

    # Into the room ------------------------------------------------------------------------------

    async def _join(self) -> None:
        stage = self._stage
        await self._timed(
            self._tally.joins, "join", lambda: self.candidate.join(stage.code, stage.consent)
        )
        stage.ledger.joined(self.candidate.id)

    async def _check_in(self) -> None:
        began = _now()
        frames = self._camera.alone
        await self._call(
            "reference photo",
            lambda: self.candidate.send("PUT", "reference-photo", next(frames)),
        )
        state = "checking_in"
        while state == "checking_in":
            reply = await self._call(
                "check-in", lambda: self.candidate.send("POST", "check-in-frames", next(frames))
            )
            progress = reply.json()
            state = progress["state"]
            if state == "checking_in":
                await self._pause(progress["next_frame_ms"] / 1000)
        if state == "waiting_for_proctor":
            await self._wait_for_proctor()
        await self._call("enter", lambda: self.candidate.send("POST", "enter"))
        self._tally.check_ins.seconds.append(_now() - began)

    async def _wait_for_proctor(self) -> None:
        if self._stage.approve is None:
            self._tally.gave_up["waits for a proctor at check-in"] += 1
            raise Over
        try:
            await self._stage.approve(self.candidate.id)
        except CannotRehearse:
            self._tally.gave_up["no proctor let them in at check-in"] += 1
            raise Over from None

    # In the room --------------------------------------------------------------------------------

    async def _sit(self) -> None:
        """Frames at the pace the server asks for."""
        interval_s = self._stage.interval_s
        self._answered_s = _now()
        self._camera.act_from(_now() + interval_s * self._chance.uniform(2, 3))
        failures = 0
        try:
            while not self._stage.over.is_set():
                began = _now()
                reply = await self._try("frame", self._send)
                if reply is None:
                    await self._pause(back_off_s(failures, 0.5, 10.0))
                    failures += 1
                    continue
                failures = 0
                wait_s = late(self._note(reply, began), self._stage.jitter, self._chance)
                await self._ask_once()
                await self._pause(max(0.1, began + wait_s - _now()))
        finally:
            self._silent_until(_now())
            self._camera.end(_now())

    async def _send(self) -> Reply:
        image = self._camera.frame(self.candidate.id, _now())
        return await self.candidate.send("POST", "frames", image)

    def _silent_until(self, now: float) -> None:
        tally = self._tally
        tally.longest_silence_s = max(tally.longest_silence_s, now - self._answered_s)
        self._answered_s = now

    def _note(self, reply: Reply, began: float) -> float:
        """Book an acknowledged frame; seconds until the next."""
        tally = self._tally
        self._silent_until(_now())
        tally.verdicts.seconds.append(self._answered_s - began)
        if began >= self._stage.settled_at_s:
            tally.settled.seconds.append(self._answered_s - began)
        answer = reply.json()
        if answer["observation"] is None:
            tally.not_looked_at += 1
        else:
            self._stage.ledger.frames[self.candidate.id].add(answer["observation"]["id"])
        wait_s = float(answer["next_frame_ms"]) / 1000
        tally.stretched += wait_s > self._stage.interval_s * _STRETCHED
        return wait_s

    async def _ask_once(self) -> None:
        if self._asked or self.candidate.number % ASKING:
            return
        self._asked = True
        reply = await self._try(
            "message", lambda: self.candidate.say("messages", {"text": MESSAGE})
        )
        if reply is not None:
            self._stage.ledger.messages.add(reply.json()["id"])

    # The wire -----------------------------------------------------------------------------------

    def _hear(self, letter: Letter) -> None:
        if letter["type"] == "event" and letter["event"]["kind"] == "message":
            self._stage.heard_s[letter["event"]["message"]["id"]] = _now()

    async def _ticket(self) -> str | None:
        tab = f"simulated-{self.candidate.number:06}"
        reply = await self._try("ticket", lambda: self.candidate.say("tickets", {"tab": tab}))
        return None if reply is None else str(reply.json()["ticket"])

    async def _timed(self, found: Latencies, what: str, call: Call) -> None:
        began = _now()
        await self._call(what, call)
        found.seconds.append(_now() - began)

    async def _call(self, what: str, call: Call) -> Reply:
        """Until it succeeds, as a page keeps trying. Raises `Over`."""
        attempt = 0
        while not self._stage.over.is_set():
            reply = await self._try(what, call)
            if reply is not None:
                return reply
            await self._pause(back_off_s(attempt, 0.5, 10.0))
            attempt += 1
        raise Over

    async def _try(self, what: str, call: Call) -> Reply | None:
        """None when it may succeed later. Raises `Over` when it never will."""
        self._tally.calls += 1
        try:
            reply = await call()
        except (OSError, EOFError, ValueError) as error:
            self._tally.error(f"{what}: {kind_of(error)}")
            return None
        if reply.ok:
            return reply
        why = f"{what}: {refusal(reply)}"
        self._tally.error(why)
        if reply.status in _TRANSIENT:
            return None
        self._tally.gave_up[why] += 1
        raise Over

    async def _pause(self, seconds: float) -> None:
        """Not longer than the rehearsal lasts."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stage.over.wait(), seconds)


def late(wait_s: float, jitter: float, chance: random.Random) -> float:
    """When a browser's timer rings: never early, and late by up to this share."""
    return wait_s * chance.uniform(1, 1 + jitter)


def _now() -> float:
    return asyncio.get_running_loop().time()
