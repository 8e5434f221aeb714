"""The server as its own process, started as people start it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from httpx2 import AsyncClient

from tests.support.clock import Clock
from tests.support.house import Candidate, Proctor, read

INVIGIL = str(Path(sys.executable).with_name("invigil"))
PATIENCE_S = 60.0


def environment(**chosen: str) -> dict[str, str]:
    """Ours without any setting of the product, and with these."""
    prefixes = ("INVIGIL_", "DB_", "DYTE_", "IMGUR_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return kept | chosen


async def command(*arguments: str, cwd: Path, typed: str = "", **chosen: str) -> tuple[int, str]:
    """Run `invigil` with these arguments; its exit code, and all that it printed.

    `typed`: what comes on its standard input.
    """
    return await command_within(PATIENCE_S, *arguments, cwd=cwd, typed=typed, **chosen)


async def command_within(
    patience_s: float, *arguments: str, cwd: Path, typed: str = "", **chosen: str
) -> tuple[int, str]:
    """The same for one that takes its time."""
    process = await asyncio.create_subprocess_exec(
        INVIGIL,
        *arguments,
        cwd=cwd,
        env=environment(**chosen),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(patience_s):
            out, err = await process.communicate(f"{typed}\n".encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode() + err.decode()


class Served:
    """One run of `invigil serve`. `origin`: what browsers call it, `base_url`: where it listens."""

    def __init__(self, process: Process, base_url: str, link: str) -> None:
        self.process = process
        self.base_url = base_url
        self.link = link
        self.origin = link.partition("/?")[0]

    def client(self, **headers: str) -> AsyncClient:
        return AsyncClient(
            base_url=self.base_url, headers={"Origin": self.origin, **headers}, trust_env=False
        )

    async def proctor(self) -> Proctor:
        client = self.client()
        token = self.link.partition("token=")[2]
        read(await client.post("/api/v1/sign-in", json={"token": token}))
        return Proctor(client)

    def candidate(self, id_: str, token: str) -> Candidate:
        return Candidate(self.client(Authorization=f"Bearer {token}"), Clock(), id_, token)

    async def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return await self.process.wait()

    async def stop(self) -> None:
        """As a supervisor ends it, which has to work in time."""
        async with asyncio.timeout(PATIENCE_S):
            # uvicorn repeats the signal to itself after its clean end, so that the parent knows.
            assert await self.end(signal.SIGTERM) in {0, -signal.SIGTERM}


@asynccontextmanager
async def served(data_dir: Path, port: int, *options: str, **chosen: str) -> AsyncIterator[Served]:
    """`invigil serve` until the end of the block, at the latest.

    `options`: more of the command line.
    """
    async with _started(data_dir, port, options, chosen, None) as up:
        yield up


@asynccontextmanager
async def served_with_log(
    log: Path, data_dir: Path, port: int, *options: str, **chosen: str
) -> AsyncIterator[Served]:
    """As `served`; what it says on standard error goes into the file `log`."""
    with log.open("wb") as errors:
        async with _started(data_dir, port, options, chosen, errors) as up:
            yield up


@asynccontextmanager
async def _started(
    data_dir: Path,
    port: int,
    options: Sequence[str],
    chosen: Mapping[str, str],
    errors: BinaryIO | None,
) -> AsyncIterator[Served]:
    place = ("--port", str(port), "--data-dir", str(data_dir))
    process = await asyncio.create_subprocess_exec(
        *(INVIGIL, "serve", *place, *options),
        cwd=data_dir.parent,
        env=environment(INVIGIL_DISK_RESERVE_MB="0", **chosen),
        stdout=PIPE,
        stderr=errors,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(PATIENCE_S):
            line = (await process.stdout.readline()).decode()
        found = re.search(r"(https?://\S+:\d+)/\?token=\S+", line)
        assert found, f"no link in {line!r}"
        yield Served(process, found[1], found[0])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def children(pid: int) -> list[int]:
    """Processes that this one has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []


def alive(pid: int) -> bool:
    """Whether there is such a process, and it is not only waiting to be buried."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
