"""A real uvicorn on a real port, and pages that hold a real socket to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from invigil.app import create_app
from invigil.ending import Socket
from invigil.vision.port import VisionEngine
from invigil.wiring import database_of
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, read, settings

PATIENCE_S = 20.0
TAB = "tab-0001"


@asynccontextmanager
async def serving(
    data_dir: Path, clock: Clock, engine: VisionEngine, *, listen: int = 0, **chosen: Any
) -> AsyncIterator[Running]:
    """The server under uvicorn, on a port of its own, or on that which others know of."""
    listener = socket.create_server(("127.0.0.1", listen))
    config = settings(data_dir, port=listener.getsockname()[1], **chosen)
    app = create_app(config, clock=clock, monotonic=clock.monotonic, engine=lambda: engine)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="error",
            ws=Socket,
            ws_max_size=1 << 17,
            timeout_graceful_shutdown=1,
            lifespan="on",
        )
    )
    task = asyncio.create_task(server.serve([listener]))
    async with asyncio.timeout(PATIENCE_S):
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells no other way
            await asyncio.sleep(0.01)
    async with AsyncExitStack() as stack:
        database = database_of(config, opening=True)
        stack.push_async_callback(database.close)
        yield Running(app, clock, stack, config, database)
    server.should_exit = True
    await task


class Page:
    """One open page: what it was sent, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.letters: list[Json] = []

    async def next(self) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            letter: Json = json.loads(await self.connection.recv())
        self.letters.append(letter)
        return letter

    async def until(self, kind: str, **fields: object) -> Json:
        """The next letter of this type with these fields; what came before it is in `letters`."""
        while True:
            letter = await self.next()
            if letter["type"] == kind and fields.items() <= letter.items():
                return letter

    async def event(self, kind: str) -> Json:
        """The next event of this kind."""
        while True:
            letter = await self.until("event")
            if letter["event"]["kind"] == kind:
                return letter

    async def all_so_far(self) -> list[Json]:
        """What was sent before the answer to a ping, except how the server is."""
        start = len(self.letters)
        await self.send(type="ping")
        await self.until("pong")
        return [letter for letter in self.letters[start:-1] if letter["type"] != "system"]

    async def send(self, **letter: object) -> None:
        await self.connection.send(json.dumps(letter))

    async def closed_with(self) -> int:
        """The code with which the server ends the connection."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.next()
        return self.connection.close_code or 0

    async def close(self) -> None:
        await self.connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def dial(
    house: Running,
    ticket: str,
    *,
    since: int | None = None,
    origin: str | None = "ours",
    narrow: bool = False,
    line: int | None = None,
) -> Page:
    """A socket with this ticket, before any letter. `narrow`: it takes in little unread; `line`:
    the port of a proxy to go through."""
    port = line or int(house.base_url.rpartition(":")[2])
    address = f"ws://127.0.0.1:{port}/api/v1/live?ticket={ticket}"
    if since is not None:
        address += f"&since={since}"
    sent = house.base_url if origin == "ours" else origin
    headers = None if sent is None else {"Origin": sent}
    pipe = socket.socket()
    if narrow:
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    pipe.setblocking(False)
    await asyncio.get_running_loop().sock_connect(pipe, ("127.0.0.1", port))
    return Page(
        await connect(
            address,
            sock=pipe,
            additional_headers=headers,
            proxy=None,
            ping_interval=None,
            max_queue=1 if narrow else 16,
        )
    )


async def proctor_ticket(proctor: Proctor, session: Json) -> str:
    answer = await proctor.client.post("/api/v1/tickets", json={"session_id": session["id"]})
    ticket: str = read(answer)["ticket"]
    return ticket


async def candidate_ticket(candidate: Candidate, tab: str = TAB) -> str:
    ticket: str = read(await candidate.post("tickets", {"tab": tab}))["ticket"]
    return ticket


async def console(
    house: Running, proctor: Proctor, session: Json, *, since: int | None = None
) -> Page:
    """A proctor's open page; its hello is `letters[0]`."""
    page = await dial(house, await proctor_ticket(proctor, session), since=since)
    await page.until("hello")
    return page


async def exam_page(
    house: Running, candidate: Candidate, *, tab: str = TAB, since: int | None = None
) -> Page:
    """A candidate's open page; its hello is `letters[0]`."""
    page = await dial(house, await candidate_ticket(candidate, tab), since=since)
    await page.until("hello")
    return page
