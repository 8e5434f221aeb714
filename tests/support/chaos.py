"""A bad line: a TCP proxy that is slow, stalls, is cut off at any byte, or lets nobody through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 4096


@dataclass
class Line:
    """What the line is like; may be changed while it is in use.

    `latency_s`: added on each way. `bytes_per_s`: of each connection and way, None: no limit.
    `stalled`: bytes wait until it is over. `up`: new connections are taken. `cut_after`: the next
    connections end after so many bytes from the server, in the middle of whatever it is.
    """

    latency_s: float = 0.0
    bytes_per_s: float | None = None
    stalled: bool = False
    up: bool = True
    cut_after: int | None = None
    passed: int = field(default=0, init=False)  # bytes from the server, of all connections


class Chaos:
    """One proxy in front of `port` of this machine. `port` of its own is where to connect."""

    def __init__(self, server_port: int) -> None:
        self.line = Line()
        self.port = 0
        self._server_port = server_port
        self._pairs: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """End every connection at once, without a word."""
        for pair in self._pairs:
            pair.cancel()

    def down(self) -> None:
        self.line.up = False
        self.cut()

    async def _serve(self, near: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._pairs.add(task)
        far: asyncio.StreamWriter | None = None
        try:
            if self.line.up:
                back, far = await asyncio.open_connection("127.0.0.1", self._server_port)
                await _first_of(
                    self._carry(near, far, down=False), self._carry(back, out, down=True)
                )
        except (OSError, asyncio.CancelledError):
            pass  # that is what this line is for
        finally:
            self._pairs.discard(task)
            for end in (out, far):
                if end is not None:
                    end.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool
    ) -> None:
        """One way; ends with either side, or when it is to be cut. `down`: from the server."""
        left = self.line.cut_after if down else None
        while data := await reader.read(CHUNK):
            while self.line.stalled:  # noqa: ASYNC110 - a test ends it by setting it
                await asyncio.sleep(0.01)
            wait = self.line.latency_s
            if self.line.bytes_per_s:
                wait += len(data) / self.line.bytes_per_s
            if wait:
                await asyncio.sleep(wait)
            part = data if left is None else data[:left]
            writer.write(part)
            await writer.drain()
            if down:
                self.line.passed += len(part)
            if left is not None:
                left -= len(part)
                if left == 0:
                    return


async def _first_of(*ways: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, OSError):
                await task


@asynccontextmanager
async def chaos(server_port: int) -> AsyncIterator[Chaos]:
    """A proxy that runs until the end of the block."""
    up = Chaos(server_port)
    server = await asyncio.start_server(up._serve, "127.0.0.1", 0)
    up.port = server.sockets[0].getsockname()[1]
    try:
        yield up
    finally:
        server.close()
        up.cut()
        await server.wait_closed()
