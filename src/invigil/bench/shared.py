"""What servers of one installation share, each measured alone.

`python -m invigil.bench.shared URL SECONDS` is the listening server of `hearing`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg

from invigil import logs
from invigil.bench.meters import shared_meters
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.incident import IncidentKind
from invigil.domain.secrets import new_id
from invigil.domain.session import ExamSession
from invigil.feed.bus import proctors_of
from invigil.feed.redis_bus import RedisBus
from invigil.settings import LogFormat, Settings
from invigil.storage.database import Database
from invigil.storage.database.migrate import upgrade
from invigil.wiring import database_url

KEY = b"benchmark"
SESSION = "0" * 32
TILES_PER_S = 200
_PAUSE_S = 0.02
_COMMITS = 200
_LOOKS = 50


async def hearing(settings: Settings, seconds: float) -> dict[str, float]:
    """Milliseconds of processor time for each tile that one server tells another: of the server
    that tells, of the one that hears and shows it on a console, and of Redis."""
    if settings.feed_url is None:
        return {}
    url = settings.feed_url.get_secret_value()
    feed = shared_meters(settings)["feed"]
    listener = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "invigil.bench.shared", url, str(seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    if listener.stdout is None:
        raise RuntimeError("the listener has no output")
    async with _linked(url) as bus:
        await listener.stdout.readline()  # it is linked as well
        own, redis = time.process_time(), feed()
        told = await _tell(bus, seconds)
        own, redis = time.process_time() - own, feed() - redis
        heard = json.loads(await listener.stdout.readline())
    await listener.wait()
    per = 1000 / told
    return {"tell_ms": own * per, "hear_ms": heard["cpu_s"] * per, "feed_ms": redis * per}


async def _tell(bus: RedisBus, seconds: float) -> int:
    """Tiles as frames make them, at an even pace; how many."""
    end, told = time.monotonic() + seconds, 0
    begun = time.monotonic()
    while time.monotonic() < end:
        while told < (time.monotonic() - begun) * TILES_PER_S:
            told += 1
            who = f"{told % 500:032}"
            tile = {
                "type": "tile",
                "candidate_id": who,
                "last_frame_at": datetime.now(UTC).isoformat(),
                "next_frame_ms": 5000,
                "has_still": True,
                "live": {"faces": 1, "usable": True, "reason": None, "identity": "match"},
            }
            bus.latest(proctors_of(SESSION), f"tile:{who}", tile)
        await asyncio.sleep(_PAUSE_S)
    return told


@contextlib.asynccontextmanager
async def _linked(url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(url, KEY)
    running = asyncio.create_task(bus.run())
    while not bus.is_linked:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(_PAUSE_S)
    try:
        yield bus
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _hear(url: str, seconds: float) -> None:
    async with _linked(url) as bus:
        console = bus.subscribe(proctors_of(SESSION))
        print("linked", flush=True)
        own, end = time.process_time(), time.monotonic() + seconds
        while time.monotonic() < end:
            await console.wait(_PAUSE_S)
            for letter in console.take()[1]:
                json.dumps(letter)
        print(json.dumps({"cpu_s": time.process_time() - own}), flush=True)


async def watching(settings: Settings, candidates: int = 500) -> dict[str, float]:
    """Milliseconds of processor time that each server spends a second on each candidate in a room,
    whoever takes the frames: looking for those who have fallen silent.

    Leaves a session with `candidates` in the database and takes it away again.
    """
    database = Database(database_url(settings))
    await upgrade(database)
    session = ExamSession(SESSION, "Benchmark", 5, 1, None, datetime.now(UTC))
    async with database.begin() as work:
        await work.sessions.add(session)
        for number in range(candidates):
            await work.candidates.add(_candidate(session, number))
    try:
        began = time.process_time()
        for _ in range(_LOOKS):
            # What `monitoring.watch` reads once a second.
            async with database.read() as work:
                await work.sessions.all()
                await work.incidents.candidates_with_open(IncidentKind.CAMERA_LOST)
                await work.candidates.monitored()
        used = time.process_time() - began
    finally:
        async with database.begin() as work:
            await work.sessions.delete(SESSION)
        await database.close()
    return {"watch_ms": used / _LOOKS / candidates * 1000}


def _candidate(session: ExamSession, number: int) -> Candidate:
    now = session.created_at
    candidate = Candidate(
        id=new_id(),
        session_id=session.id,
        name=f"Candidate {number}",
        state=CandidateState.IN_ROOM,
        joined_at=now - timedelta(minutes=1),
        token_hash=new_id(),
        consent=None,
        next_frame_ms=5000,
    )
    return replace(candidate, entered_at=now, last_frame_at=now)


def committing(settings: Settings) -> dict[str, float]:
    """Milliseconds, as a client sees them: a statement that does nothing, and a commit that waits
    for the disk."""
    url = database_url(settings).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:

        def middle_ms(statement: str) -> float:
            times = []
            for _ in range(_COMMITS):
                began = time.perf_counter()
                connection.execute(statement.encode())
                times.append(time.perf_counter() - began)
            return statistics.median(times) * 1000

        return {
            "journey_ms": middle_ms("SELECT 1"),
            "commit_ms": middle_ms("SELECT pg_logical_emit_message(true, 'invigil', 'x')"),
        }


async def measure_shared(settings: Settings, seconds: float) -> dict[str, float]:
    """Everything above, for the PostgreSQL and the Redis of these settings."""
    found = {
        **await hearing(settings, seconds),
        **await watching(settings),
        **committing(settings),
    }
    return {name: round(value, 4) for name, value in found.items()}


if __name__ == "__main__":
    logs.set_up(LogFormat.CONSOLE, debug=False)  # not to where the numbers go
    asyncio.run(_hear(sys.argv[1], float(sys.argv[2])))
