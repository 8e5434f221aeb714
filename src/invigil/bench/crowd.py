"""Simulated candidates, in a process of their own so that they never slow each other's clock.

Reads commands from standard input, a line of JSON each, and answers each with a line.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from invigil.bench.http import Connection, Reply
from invigil.demo.scenes import PEOPLE, Scene

SCENES = 6
FRAMES_OF_A_SCENE = 6
_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Latencies:
    """Seconds from sending a request to having its answer."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0

    def quantile(self, share: float) -> float:
        """0 without a single measurement."""
        if not self.seconds:
            return 0.0
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def as_json(self) -> dict[str, float]:
        return {
            "count": len(self.seconds),
            "errors": self.errors,
            "median_s": round(statistics.median(self.seconds), 4) if self.seconds else 0.0,
            "p95_s": round(self.quantile(0.95), 4),
            "max_s": round(max(self.seconds, default=0.0), 4),
        }


@dataclass(slots=True)
class Sitting:
    """What sending frames for a while came to. `skipped`: frames that were not looked at."""

    frames: Latencies = field(default_factory=Latencies)
    skipped: int = 0
    longest_interval_s: float = 0.0


class Candidate:
    """One page: its own connection, its token once it has joined."""

    def __init__(self, base_url: str, number: int) -> None:
        self._connection = Connection(base_url)
        self.number = number
        self._headers: dict[str, str] = {}

    async def join(self, code: str, consent: dict[str, Any]) -> Reply:
        """Open the link, read it, agree."""
        await self._connection.request("GET", f"/api/v1/join/{code}", {})
        body = {"name": f"Candidate {self.number}", "consent": consent}
        path = f"/api/v1/join/{code}"
        reply = await self._connection.request("POST", path, _JSON, json.dumps(body).encode())
        if reply.ok:
            self._headers = {
                "Authorization": f"Bearer {reply.json()['token']}",
                "Content-Type": "image/jpeg",
            }
        return reply

    async def send(self, method: str, route: str, body: bytes = b"") -> Reply:
        path = f"/api/v1/candidates/me/{route}"
        return await self._connection.request(method, path, self._headers, body)


class Crowd:
    """Simulated candidates that share one pool of pictures."""

    def __init__(self, base_url: str, code: str) -> None:
        self._base_url = base_url
        self._code = code
        self._pool = [
            [scene.frame(person) for _ in range(FRAMES_OF_A_SCENE)]
            for scene, person in zip(
                (Scene(seed) for seed in range(SCENES)), itertools.cycle(PEOPLE), strict=False
            )
        ]
        self._candidates: list[Candidate] = []

    async def join(self, count: int, within_s: float) -> Latencies:
        """`count` candidates open the link and join, evenly over `within_s` seconds."""
        found = Latencies()
        info = await Connection(self._base_url).request("GET", f"/api/v1/join/{self._code}", {})
        consent = {"version": info.json()["consent"]["version"], "accepted": True}

        async def one(candidate: Candidate) -> None:
            await asyncio.sleep(within_s * candidate.number / count)
            began = time.perf_counter()
            if (await candidate.join(self._code, consent)).ok:
                found.seconds.append(time.perf_counter() - began)
                self._candidates.append(candidate)
            else:
                found.errors += 1

        everybody = [Candidate(self._base_url, number) for number in range(count)]
        await asyncio.gather(*(one(candidate) for candidate in everybody))
        return found

    async def check_in(self, first: int, last: int, at_once: int = 4) -> Latencies:
        """Candidates `first` to `last` - 1 give a photo, are compared and enter."""
        found = Latencies()
        gate = asyncio.Semaphore(at_once)

        async def one(candidate: Candidate) -> None:
            frames = itertools.cycle(self._pool[candidate.number % SCENES])
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

    async def sit(self, count: int, interval_s: float, seconds: float, warm_up_s: float) -> Sitting:
        """The first `count` send frames at whatever pace the server asks for.

        What is sent in the first `warm_up_s` seconds is not counted, then `seconds` are.
        """
        found = Sitting()
        begin = time.perf_counter()

        async def one(place: int, candidate: Candidate) -> None:
            frames = itertools.cycle(self._pool[candidate.number % SCENES])
            await asyncio.sleep(interval_s * place / count)
            while (began := time.perf_counter() - begin) < warm_up_s + seconds:
                reply = await candidate.send("POST", "frames", next(frames))
                took = time.perf_counter() - begin - began
                wait_s = _note(found, reply, took) if began >= warm_up_s else _interval(reply)
                await asyncio.sleep(max(0.0, (wait_s or interval_s) - took))

        chosen = self._candidates[:count]
        await asyncio.gather(*(one(place, each) for place, each in enumerate(chosen)))
        return found


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
