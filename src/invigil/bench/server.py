"""A real server process under simulated candidates, over HTTP, on this machine.

The simulation runs on the same processors as the server, so what it reaches is less than what a
server of its own reaches. Every frame goes the whole way: upload, authentication, decoding,
analysis, rules, commit, feed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from invigil.demo.scenes import PEOPLE, Scene

SCENES = 6
FRAMES_OF_A_SCENE = 6
START_WITHIN_S = 60.0
_OK = 200


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


@dataclass(frozen=True, slots=True)
class Step:
    """What `candidates` sending at `interval_s` came to.

    `held`: verdicts in time, nothing refused, and nobody asked for a longer interval.
    """

    candidates: int
    interval_s: float
    frames: Latencies
    skipped: int
    longest_interval_s: float
    server_cpu_share: float

    @property
    def held(self) -> bool:
        return (
            self.frames.errors == 0
            and self.skipped == 0
            and self.frames.quantile(0.95) <= 1.0
            and self.longest_interval_s <= self.interval_s * 1.05
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "candidates": self.candidates,
            "held": self.held,
            "frames": self.frames.as_json(),
            "frames_not_looked_at": self.skipped,
            "longest_interval_s": self.longest_interval_s,
            "server_cpu_cores": round(self.server_cpu_share, 2),
        }


class Target:
    """The server under test, and a signed-in proctor."""

    def __init__(self, process: asyncio.subprocess.Process, base_url: str, token: str) -> None:
        self.process = process
        self.base_url = base_url
        self._token = token

    def client(self) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        return httpx2.AsyncClient(base_url=self.base_url, timeout=60, limits=limits)

    async def open_session(self, interval_s: int) -> str:
        """The join code of a new session."""
        async with self.client() as client:
            client.headers["Origin"] = self.base_url
            if self._token:
                answer = await client.post("/api/v1/sign-in", json={"token": self._token})
                answer.raise_for_status()
            body = {"title": "Benchmark", "sampling_interval_s": interval_s}
            answer = await client.post("/api/v1/sessions", json=body)
            join_url: str = answer.raise_for_status().json()["join_url"]
            return join_url.rsplit("/", 1)[1]

    def cpu_s(self) -> float:
        """Processor seconds that the server and its workers have used (Linux), else 0."""
        pid = self.process.pid
        return sum(_cpu_s(each) for each in (pid, *_children(pid)))


@contextlib.asynccontextmanager
async def running_server(port: int) -> AsyncIterator[Target]:
    """A server of its own on an empty folder; gone afterwards with all it kept."""
    with tempfile.TemporaryDirectory(prefix="invigil-bench-") as folder:
        environment = {
            **os.environ,
            "INVIGIL_JOINS_PER_MINUTE": "1000000",
            "INVIGIL_FRAMES_PER_MINUTE": "100000",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "invigil", "serve"),
            *("--port", str(port), "--data-dir", folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            cwd=folder,
        )
        try:
            yield await _greeted(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def _greeted(process: asyncio.subprocess.Process) -> Target:
    if process.stdout is None:
        raise RuntimeError("the server has no output")
    async with asyncio.timeout(START_WITHIN_S):
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"(http://\S+)/\?token=(\S+)", line):
                return Target(process, found[1], found[2])
    raise RuntimeError("the server ended before it took requests; try `invigil serve` by hand")


class Crowd:
    """Simulated candidates that share one pool of pictures and one HTTP client."""

    def __init__(self, client: httpx2.AsyncClient, code: str) -> None:
        self._client = client
        self._code = code
        self._pool = [
            [scene.frame(person) for _ in range(FRAMES_OF_A_SCENE)]
            for scene, person in zip(
                (Scene(seed) for seed in range(SCENES)), itertools.cycle(PEOPLE), strict=False
            )
        ]
        self._tokens: list[str] = []

    async def join(self, count: int, within_s: float) -> Latencies:
        """`count` candidates open the link and join, evenly over `within_s` seconds."""
        found = Latencies()
        info = (await self._client.get(f"/api/v1/join/{self._code}")).raise_for_status().json()
        consent = {"version": info["consent"]["version"], "accepted": True}

        async def one(number: int) -> None:
            await asyncio.sleep(within_s * number / count)
            began = time.perf_counter()
            await self._client.get(f"/api/v1/join/{self._code}")
            answer = await self._client.post(
                f"/api/v1/join/{self._code}",
                json={"name": f"Candidate {number}", "consent": consent},
            )
            if answer.is_success:
                found.seconds.append(time.perf_counter() - began)
                self._tokens.append(answer.json()["token"])
            else:
                found.errors += 1

        await asyncio.gather(*(one(number) for number in range(count)))
        return found

    async def check_in(self, count: int, at_once: int = 4) -> Latencies:
        """The first `count` who joined give a photo, are compared and enter."""
        found = Latencies()
        gate = asyncio.Semaphore(at_once)

        async def one(number: int, token: str) -> None:
            frames = self._pool[number % SCENES]
            headers = {"Authorization": f"Bearer {token}"}
            async with gate:
                began = time.perf_counter()
                await self._post("PUT", "reference-photo", headers, frames[0])
                state = "checking_in"
                for frame in itertools.cycle(frames):
                    if state != "checking_in":
                        break
                    answer = await self._post("POST", "check-in-frames", headers, frame)
                    state = answer.json()["state"]
                await self._post("POST", "enter", headers, b"")
                found.seconds.append(time.perf_counter() - began)

        await asyncio.gather(*(one(n, token) for n, token in enumerate(self._tokens[:count])))
        return found

    async def _post(
        self, method: str, route: str, headers: dict[str, str], body: bytes
    ) -> httpx2.Response:
        answer = await self._client.request(
            method, f"/api/v1/candidates/me/{route}", headers=headers, content=body
        )
        return answer.raise_for_status()

    async def sit(
        self, count: int, interval_s: float, seconds: float
    ) -> tuple[Latencies, int, float]:
        """The first `count` send frames for `seconds`, at whatever pace the server asks for.

        Gives the latencies, how many frames were not looked at, and the longest interval.
        """
        found = Latencies()
        skipped, longest = 0, 0.0
        end = time.perf_counter() + seconds

        async def one(number: int, token: str) -> None:
            nonlocal skipped, longest
            frames = itertools.cycle(self._pool[number % SCENES])
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
            await asyncio.sleep(interval_s * number / count)
            while time.perf_counter() < end:
                began = time.perf_counter()
                answer = await self._client.post(
                    "/api/v1/candidates/me/frames", headers=headers, content=next(frames)
                )
                took = time.perf_counter() - began
                if answer.status_code != _OK:
                    found.errors += 1
                    await asyncio.sleep(interval_s)
                    continue
                reply = answer.json()
                found.seconds.append(took)
                skipped += reply["observation"] is None
                wait_s = reply["next_frame_ms"] / 1000
                longest = max(longest, wait_s)
                await asyncio.sleep(max(0.0, wait_s - took))

        chosen: Sequence[str] = self._tokens[:count]
        await asyncio.gather(*(one(number, token) for number, token in enumerate(chosen)))
        return found, skipped, longest


async def measure(
    *,
    steps: Sequence[int],
    joins: int,
    check_ins: int,
    interval_s: int,
    seconds: float,
    port: int,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Joins, check-in, then each number of candidates for `seconds`, until one is not held."""
    async with running_server(port) as target:
        code = await target.open_session(interval_s)
        async with target.client() as client:
            crowd = Crowd(client, code)
            joined = await crowd.join(joins, within_s=10.0)
            progress(f"{len(joined.seconds)} joined; {check_ins} of them check in")
            checked = await crowd.check_in(check_ins)
            found: list[Step] = []
            for count in steps:
                used, began = target.cpu_s(), time.perf_counter()
                frames, skipped, longest = await crowd.sit(count, interval_s, seconds)
                share = (target.cpu_s() - used) / (time.perf_counter() - began)
                found.append(Step(count, interval_s, frames, skipped, longest, share))
                progress(f"{count} candidates: {'held' if found[-1].held else 'not held'}")
                if not found[-1].held:
                    break
    held = [step.candidates for step in found if step.held]
    return {
        "cores": os.cpu_count(),
        "interval_s": interval_s,
        "joins_in_10_s": joined.as_json(),
        "check_in": checked.as_json(),
        "held_candidates": max(held, default=0),
        "steps": [step.as_json() for step in found],
    }


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in listed.read_text().split()] if listed.exists() else []


def _cpu_s(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
