"""What waits to be told to other servers. It is bounded: what counts is in the event log."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import Any

from invigil.feed.bus import Json

MAX_LETTERS = 10_000
AT_ONCE = 500

Item = list[Any]
"""`["w", topic]`, `["l", topic, key, value]`, `["s", topic, letter]` or `["n", note]`."""


class Outbox:
    """Wake-ups as a set, latest values by key, letters and notes in order."""

    def __init__(self) -> None:
        self._wakes: dict[str, None] = {}
        self._latest: dict[tuple[str, str], Json] = {}
        self._letters: deque[Item] = deque(maxlen=MAX_LETTERS)
        self._ready = asyncio.Event()

    def wake(self, topic: str) -> None:
        self._wakes[topic] = None
        self._ready.set()

    def latest(self, topic: str, key: str, value: Json) -> None:
        self._latest[topic, key] = value
        self._ready.set()

    def letter(self, *item: Any) -> None:
        self._letters.append(list(item))
        self._ready.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when there is something, or after `timeout_s` seconds."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            return

    def take(self) -> list[Item]:
        """A part of what waits, letters first; empty when nothing does."""
        items: list[Item] = []
        while self._letters and len(items) < AT_ONCE:
            items.append(self._letters.popleft())
        for topic in list(islice(self._wakes, AT_ONCE)):
            del self._wakes[topic]
            items.append(["w", topic])
        places = list(islice(self._latest, AT_ONCE))
        items.extend(["l", *place, self._latest.pop(place)] for place in places)
        if not (self._letters or self._wakes or self._latest):
            self._ready.clear()
        return items

    def clear(self) -> None:
        """Nobody can be told: what is old by the time they can is worth nothing."""
        self._letters.clear()
        self._wakes.clear()
        self._latest.clear()
        self._ready.clear()
