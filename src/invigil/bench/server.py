"""A real server process under simulated candidates, over HTTP, on this machine.

The simulation runs on the same processors as the server, so what it reaches is less than what a
server of its own reaches. Every frame goes the whole way: upload, authentication, decoding,
analysis, rules, commit, feed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from invigil.bench.crowd import Sitting
from invigil.bench.latencies import Latencies
from invigil.bench.meters import Meter, children, cpu_s, machine_s, memory_mb, shared_meters
from invigil.settings import Settings

START_WITHIN_S = 60.0
_SHARE_SENT = 0.9
"""Of the frames that were due: some are a little later than their time."""

# Intervals before anything counts. Who entered early has sent nothing while the others checked in:
# their cameras count as lost, and all of them come back at once.
_WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Step:
    """What `candidates` sending at `interval_s` for `seconds` came to.

    `held`: everybody sent as many frames as were due, verdicts came in time, nothing was refused,
    and nobody was asked for a longer interval.
    `..._cores`: processor seconds a second; `beside`: of database, feed and the whole machine,
    its load average, and the server's memory.
    """

    candidates: int
    interval_s: float
    seconds: float
    sitting: Sitting
    server_cores: float
    worker_cores: float
    client_cores: float
    beside: dict[str, float] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        due = self.candidates * self.seconds / self.interval_s
        return (
            self.sitting.candidates == self.candidates
            and len(self.sitting.frames.seconds) >= due * _SHARE_SENT
            and self.sitting.frames.errors == 0
            and self.sitting.skipped == 0
            and self.sitting.frames.quantile(0.95) <= 1.0
            and self.sitting.longest_interval_s <= self.interval_s * 1.05
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "candidates": self.candidates,
            "candidates_there": self.sitting.candidates,
            "held": self.held,
            "frames": self.sitting.frames.as_json(),
            "frames_not_looked_at": self.sitting.skipped,
            "longest_interval_s": self.sitting.longest_interval_s,
            "cores": {
                "server": round(self.server_cores, 2),
                "workers": round(self.worker_cores, 2),
                "clients": round(self.client_cores, 2),
                **{name: round(value, 3) for name, value in self.beside.items()},
            },
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
            body = {
                "title": "Benchmark",
                "sampling_interval_s": interval_s,
                "report_repeats": False,
            }
            answer = await client.post("/api/v1/sessions", json=body)
            join_url: str = answer.raise_for_status().json()["join_url"]
            return join_url.rsplit("/", 1)[1]

    def cpu_s(self) -> tuple[float, float]:
        """Processor seconds that the server and its workers have used."""
        pid = self.process.pid
        return cpu_s(pid), sum(cpu_s(child) for child in children(pid))

    def memory_mb(self) -> tuple[float, float]:
        """Of the server, and of its workers together."""
        pid = self.process.pid
        return memory_mb(pid), sum(memory_mb(child) for child in children(pid))


@contextlib.asynccontextmanager
async def running_server(port: int, cpus: str | None = None) -> AsyncIterator[Target]:
    """A server of its own on an empty folder; gone afterwards with all it kept there.

    `cpus`: the only ones it may use, as `taskset` has them. Database, feed and image store are
    those of the environment's settings.
    """
    with tempfile.TemporaryDirectory(prefix="invigil-bench-") as folder:
        environment = {
            **os.environ,
            "INVIGIL_JOINS_PER_MINUTE": "1000000",
            "INVIGIL_FRAMES_PER_MINUTE": "100000",
        }
        process = await asyncio.create_subprocess_exec(
            *(("taskset", "--cpu-list", cpus) if cpus else ()),
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
    """The process of the simulated candidates, and what it is told to do."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def cpu_s(self) -> float:
        return cpu_s(self._process.pid)

    async def join(self, count: int, within_s: float) -> Latencies:
        return Latencies(**await self._tell(do="join", count=count, within_s=within_s))

    async def check_in(self, first: int, last: int) -> Latencies:
        return Latencies(**await self._tell(do="check_in", first=first, last=last))

    async def connect(self, count: int) -> Latencies:
        return Latencies(**await self._tell(do="connect", count=count))

    async def sit(self, count: int, interval_s: float, seconds: float) -> Sitting:
        found = await self._tell(
            do="sit",
            count=count,
            interval_s=interval_s,
            seconds=seconds,
            warm_up_s=interval_s * _WARM_UP,
        )
        return Sitting(**found | {"frames": Latencies(**found["frames"])})

    async def _tell(self, **command: Any) -> dict[str, Any]:
        reader, writer = self._process.stdout, self._process.stdin
        if reader is None or writer is None:
            raise RuntimeError("the crowd has no pipes")
        writer.write(json.dumps(command).encode() + b"\n")
        if not (line := await reader.readline()):
            raise RuntimeError("the crowd ended; its own words are above")
        found: dict[str, Any] = json.loads(line)
        return found


@contextlib.asynccontextmanager
async def gathered_crowd(base_url: str, code: str) -> AsyncIterator[Crowd]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "invigil.bench.crowd", base_url, code),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    try:
        yield Crowd(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def measure(
    *,
    steps: Sequence[int],
    joins: int,
    interval_s: int,
    seconds: float,
    port: int,
    progress: Callable[[str], None],
    sockets: bool = False,
    cpus: str | None = None,
) -> dict[str, Any]:
    """Joins; then for each number of candidates, until one is not held: those who are not yet in
    the room check in, everybody sends for a few intervals that do not count, and then `seconds`.

    `sockets`: everybody in the room holds a live socket as well, as pages do.
    """
    async with running_server(port, cpus) as target:
        code = await target.open_session(interval_s)
        async with gathered_crowd(target.base_url, code) as crowd:
            usage = Usage(target, crowd)
            joined = await crowd.join(joins, within_s=10.0)
            progress(f"{len(joined.seconds)} joined")
            checked, found, inside = Latencies(), list[Step](), 0
            for count in steps:
                more = await crowd.check_in(inside, max(count, inside))
                checked.seconds += more.seconds
                checked.errors += more.errors
                inside = max(count, inside)
                if sockets:
                    await crowd.connect(inside)
                found.append(await _step(usage, crowd, count, interval_s, seconds))
                progress(f"{count} candidates: {'held' if found[-1].held else 'not held'}")
                if not found[-1].held:
                    break
    held = [step.candidates for step in found if step.held]
    return {
        "cores": os.cpu_count(),
        "interval_s": interval_s,
        "sockets": sockets,
        "joins_in_10_s": joined.as_json(),
        "check_in": checked.as_json(),
        "held_candidates": max(held, default=0),
        "steps": [step.as_json() for step in found],
    }


class Usage:
    """Processor seconds of everything that takes part."""

    def __init__(self, target: Target, crowd: Crowd) -> None:
        self._target = target
        self._crowd = crowd
        self._beside: dict[str, Meter] = {"machine": machine_s, **shared_meters(Settings())}

    def now(self) -> list[float]:
        """Server, workers, clients, and the others in the order of `beside`."""
        others = (meter() for meter in self._beside.values())
        return [*self._target.cpu_s(), self._crowd.cpu_s(), *others]

    def beside(self, cores: Sequence[float]) -> dict[str, float]:
        """`cores`: those of the others."""
        server_mb, workers_mb = self._target.memory_mb()
        return {
            **dict(zip(self._beside, cores, strict=True)),
            "load_average": os.getloadavg()[0],
            "server_mb": server_mb,
            "workers_mb": workers_mb,
        }


async def _step(usage: Usage, crowd: Crowd, count: int, interval_s: int, seconds: float) -> Step:
    before, began = usage.now(), time.perf_counter()
    sitting = await crowd.sit(count, interval_s, seconds)
    took = time.perf_counter() - began
    cores = [(b - a) / took for a, b in zip(before, usage.now(), strict=True)]
    server, workers, clients, *others = cores
    return Step(count, interval_s, seconds, sitting, server, workers, clients, usage.beside(others))
