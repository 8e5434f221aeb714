"""Simulated candidates, in a process of their own so that they never slow each other's clock.

Reads commands from standard input, a line of JSON each, and answers each with a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field

from invigil.bench.http import Connection, Reply
from invigil.bench.latencies import Latencies
from invigil.bench.people import Candidate, Pictures, agreement
from invigil.bench.wire import LiveSocket, Sockets, Ticket


@dataclass(slots=True)
class Sitting:
    """What sending frames for a while came to. `candidates`: how many sent any at all; `skipped`:
    frames that were not looked at."""

    candidates: int = 0
    frames: Latencies = field(default_factory=Latencies)
    skipped: int = 0
    longest_interval_s: float = 0.0


class Crowd:
    """Simulated candidates that share one pool of pictures."""

    def __init__(self, base_url: str, code: str) -> None:
        self._base_url = base_url
        self._code = code
        self._pictures = Pictures()
        self._candidates: list[Candidate] = []
        self._sockets = Sockets()
        self._open: list[asyncio.Task[None]] = []

    async def join(self, count: int, within_s: float) -> Latencies:
        """`count` candidates open the link and join, evenly over `within_s` seconds."""
        found = Latencies()
        consent = await agreement(Connection(self._base_url), self._code)

        async def one(candidate: Candidate) -> None:
            await asyncio.sleep(within_s * candidate.number / count)
            began = time.perf_counter()
            if (await candidate.join(self._code, consent)).ok:
                found.seconds.append(time.perf_counter() - began)
                self._candidates.append(candidate)
            else:
                found.errors += 1

        everybody = [
            Candidate(Connection(self._base_url), number, f"Candidate {number}")
            for number in range(count)
        ]
        await asyncio.gather(*(one(candidate) for candidate in everybody))
        return found

    async def check_in(self, first: int, last: int, at_once: int = 4) -> Latencies:
        """Candidates `first` to `last` - 1 give a photo, are compared and enter."""
        found = Latencies()
        gate = asyncio.Semaphore(at_once)

        async def one(candidate: Candidate) -> None:
            frames = self._pictures.alone(candidate.number)
            async with gate:
                began = time.perf_counter()
                reply = await candidate.send("PUT", "reference-photo", next(frames))
                state = "checking_in"
                while reply.ok and state == "checking_in":
                    reply = await candidate.send("POST", "check-in-frames", next(frames))
                    state = reply.json().get("state", "")
                reply = await candidate.send("POST", "enter")
                found.seconds.append(time.perf_counter() - began)
                found.errors += not reply.ok

        await asyncio.gather(*(one(each) for each in self._candidates[first:last]))
        return found

    async def connect(self, count: int) -> Latencies:
        """The first `count` hold a live socket from now on, as pages do."""
        for candidate in self._candidates[len(self._open) : count]:
            socket = LiveSocket(self._base_url, self._sockets, _tickets(candidate))
            self._open.append(asyncio.create_task(socket.run()))
        while self._sockets.connected < len(self._open):  # noqa: ASYNC110 - they come by themselves
            await asyncio.sleep(0.1)
        return self._sockets.openings

    async def sit(self, count: int, interval_s: float, seconds: float, warm_up_s: float) -> Sitting:
        """The first `count` send frames at whatever pace the server asks for.

        What is sent in the first `warm_up_s` seconds is not counted, then `seconds` are.
        """
        chosen = self._candidates[:count]
        found = Sitting(len(chosen))
        begin = time.perf_counter()

        async def one(place: int, candidate: Candidate) -> None:
            frames = self._pictures.alone(candidate.number)
            await asyncio.sleep(interval_s * place / count)
            while (began := time.perf_counter() - begin) < warm_up_s + seconds:
                reply = await candidate.send("POST", "frames", next(frames))
                took = time.perf_counter() - begin - began
                wait_s = _note(found, reply, took) if began >= warm_up_s else _interval(reply)
                await asyncio.sleep(max(0.0, (wait_s or interval_s) - took))

        await asyncio.gather(*(one(place, each) for place, each in enumerate(chosen)))
        return found


def _tickets(candidate: Candidate) -> Ticket:
    async def ticket() -> str | None:
        reply = await candidate.say("tickets", {"tab": f"bench-{candidate.number:06}"})
        return str(reply.json()["ticket"]) if reply.ok else None

    return ticket


def _interval(reply: Reply) -> float:
    """Seconds to the next frame, 0 when the reply was an error."""
    return float(reply.json()["next_frame_ms"]) / 1000 if reply.ok else 0.0


def _note(found: Sitting, reply: Reply, took: float) -> float:
    interval_s = _interval(reply)
    if not reply.ok:
        found.frames.errors += 1
        return interval_s
    found.frames.seconds.append(took)
    found.skipped += reply.json()["observation"] is None
    found.longest_interval_s = max(found.longest_interval_s, interval_s)
    return interval_s


async def main() -> None:
    """`python -m invigil.bench.crowd BASE_URL JOIN_CODE`."""
    crowd = Crowd(*sys.argv[1:])
    for line in iter(sys.stdin.readline, ""):
        command = json.loads(line)
        found = await getattr(crowd, command.pop("do"))(**command)
        print(json.dumps(asdict(found)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
