"""One page's live socket: opened with a ticket, kept alive, opened anew when it is lost."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from invigil.bench.http import kind_of
from invigil.bench.latencies import Latencies

PING_S = 3.0
DEAD_S = 7.0
_BASE_S, _MOST_S = 0.3, 3.0
_FINAL = {4403: "origin refused", 4409: "taken over", 4410: "session closed"}

Letter = dict[str, Any]
Ticket = Callable[[], Awaitable[str | None]]


def back_off_s(attempt: int, base_s: float = _BASE_S, most_s: float = _MOST_S) -> float:
    """As pages wait: exponential, and apart from one another."""
    ceiling = min(most_s, base_s * 2.0 ** min(attempt, 10))
    return ceiling * random.uniform(0.4, 1)  # noqa: S311 - no secrets


@dataclass(slots=True)
class Sockets:
    """What became of many sockets. `openings`: from asking for a ticket to being connected."""

    openings: Latencies = field(default_factory=Latencies)
    connected: int = 0
    errors: Counter[str] = field(default_factory=Counter)


class LiveSocket:
    """`run` until it is cancelled or the server ends it for good.

    `ticket` gives a new pass, or None when none was given now. Letters go to `on_letter`; the
    number of the newest event is remembered, so that a new connection brings what was missed.
    """

    def __init__(
        self,
        base_url: str,
        sockets: Sockets,
        ticket: Ticket,
        on_letter: Callable[[Letter], None] = lambda _letter: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._base_url = base_url
        self._tls = tls
        self._sockets = sockets
        self._ticket = ticket
        self._on_letter = on_letter
        self._cursor: int | None = None
        self._connection: ClientConnection | None = None
        self._heard_s = 0.0

    async def run(self) -> None:
        attempt = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                if await self._open(began):
                    attempt = 0
                    await self._listen()
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 0
                if code in _FINAL:
                    return
            except (OSError, EOFError, InvalidHandshake, ValueError) as error:
                kind = (
                    "handshake refused" if isinstance(error, InvalidHandshake) else kind_of(error)
                )
                self._sockets.errors[kind] += 1
            finally:
                self._lost()
            await asyncio.sleep(back_off_s(attempt))
            attempt += 1

    def drop(self) -> None:
        """Lose the connection as a router that restarts does: nobody says good-bye."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def _open(self, began: float) -> bool:
        ticket = await self._ticket()
        if ticket is None:
            return False
        address = f"ws{self._base_url.removeprefix('http')}/api/v1/live?ticket={ticket}"
        if self._cursor is not None:
            address += f"&since={self._cursor}"
        self._connection = await connect(
            address,
            ssl=self._tls,
            additional_headers={"Origin": self._base_url},
            compression=None,
            proxy=None,
            ping_interval=None,
            close_timeout=1,
        )
        loop = asyncio.get_running_loop()
        self._heard_s = loop.time()
        self._sockets.openings.seconds.append(loop.time() - began)
        self._sockets.connected += 1
        return True

    async def _listen(self) -> None:
        connection = self._connection
        if connection is None:
            return
        pings = asyncio.create_task(self._ping(connection))
        try:
            while True:
                letter = json.loads(await connection.recv())
                self._heard_s = asyncio.get_running_loop().time()
                self._take(letter)
        finally:
            pings.cancel()

    def _take(self, letter: Letter) -> None:
        if letter["type"] == "hello" and self._cursor is None:
            self._cursor = letter["cursor"]
        if letter["type"] == "event":
            if self._cursor is not None and letter["seq"] <= self._cursor:
                self._sockets.errors["an event came twice"] += 1
                return
            self._cursor = letter["seq"]
        self._on_letter(letter)

    async def _ping(self, connection: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(PING_S)
                if asyncio.get_running_loop().time() - self._heard_s > DEAD_S:
                    self._sockets.errors["fell silent"] += 1
                    self.drop()
                await connection.send('{"type":"ping"}')

    def _lost(self) -> None:
        if self._connection is not None:
            self._connection.transport.abort()
            self._connection = None
            self._sockets.connected -= 1
