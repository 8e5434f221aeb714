"""The port between those who change things and the sockets that show them, and its embedded form.

Three sorts of news, each bounded so that a slow page costs nobody else anything:
- wake-ups ("read the event log again"): a flag, so a thousand are one;
- latest values (a tile's newest facts): a dict by key, so only the newest survives;
- letters (signalling between peers): a queue; a reader that lets it run full is cut off, and of
  one sender no more than a part of it is kept, so that nobody alone can fill it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, Protocol

MAX_LETTERS = 256
MAX_OF_ONE = 64
"""Unread letters of one sender; more are dropped. A page that negotiates video has some twenty."""

PATIENCE_S = 5.0
"""Without any wake-up the log is read this often, so that a lost one delays but never loses."""

Json = dict[str, Any]


def proctors_of(session_id: str) -> str:
    """Topic of everybody who watches a session."""
    return f"proctors:{session_id}"


def candidate_topic(candidate_id: str) -> str:
    """Topic of one candidate's page."""
    return f"candidate:{candidate_id}"


def peer_topic(peer_id: str) -> str:
    """Topic of one socket."""
    return f"peer:{peer_id}"


ALL_PROCTORS = "proctors"


class Subscription:
    """One reader's inbox."""

    def __init__(self, bus: LocalBus, topics: Iterable[str]) -> None:
        self._bus = bus
        self.topics = tuple(topics)
        self._ready = asyncio.Event()
        self._woken = False
        self._latest: dict[str, Json] = {}
        self._letters: deque[Json] = deque()
        self.overflowed = False

    def wake(self) -> None:
        self._woken = True
        self._ready.set()

    def put_latest(self, key: str, value: Json) -> None:
        self._latest[key] = value
        self._ready.set()

    def put_letter(self, letter: Json) -> None:
        sender = letter.get("from")
        if sender is not None:
            unread = sum(each.get("from") == sender for each in self._letters)
            if unread >= MAX_OF_ONE:
                return
        if len(self._letters) >= MAX_LETTERS:
            self.overflowed = True
        else:
            self._letters.append(letter)
        self._ready.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when there is news, or after `timeout_s` seconds without any."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            return
        self._ready.clear()

    def take(self) -> tuple[bool, list[Json]]:
        """Whether to read the event log, and what else has come; empties the inbox."""
        woken, self._woken = self._woken, False
        news = [*self._letters, *self._latest.values()]
        self._letters.clear()
        self._latest.clear()
        return woken, news

    def close(self) -> None:
        self._bus.unsubscribe(self)


class Neighbours(Protocol):
    """Whoever keeps account of the other servers; called by a bus that reaches them."""

    def hear(self, node: str, note: Json) -> None:
        """A note from another server."""

    def still_there(self, node: str) -> None:
        """A sign of life from another server."""

    def gone(self, node: str) -> None:
        """Another server has not been heard for too long."""

    def linked(self) -> None:
        """Others can be reached, for the first time or again: tell them all, ask them for all."""


class Bus(Protocol):
    """What the rest of the house may do with the feed. It may reach several servers."""

    @property
    def here(self) -> LocalBus:
        """The part of the bus that ends at this server's own pages."""
        ...

    @property
    def patience_s(self) -> float:
        """Seconds after which a reader looks into the log without having been woken."""
        ...

    def trouble(self) -> str | None:
        """A sentence for the console when other servers should be reached and are not."""
        ...

    def attend(self, neighbours: Neighbours) -> None:
        """Tell `neighbours` about other servers from now on."""
        ...

    def tell(self, note: Json) -> None:
        """A note to the other servers; none is kept for those that are not there."""
        ...

    def subscribe(self, *topics: str) -> Subscription: ...

    def wake(self, topic: str) -> None: ...

    def latest(self, topic: str, key: str, value: Json) -> None: ...

    def send(self, topic: str, letter: Json) -> None: ...

    def listeners(self, topic: str) -> int: ...


class LocalBus:
    """Within one process."""

    def __init__(self) -> None:
        self._by_topic: defaultdict[str, set[Subscription]] = defaultdict(set)

    @property
    def here(self) -> LocalBus:
        return self

    @property
    def patience_s(self) -> float:
        return PATIENCE_S

    def trouble(self) -> str | None:
        return None

    def attend(self, neighbours: Neighbours) -> None:
        """There are no others."""

    def tell(self, note: Json) -> None:
        """There are no others."""

    def wake_all(self) -> None:
        """Let every reader look into the log."""
        for readers in tuple(self._by_topic.values()):
            for subscription in tuple(readers):
                subscription.wake()

    def subscribe(self, *topics: str) -> Subscription:
        subscription = Subscription(self, topics)
        for topic in topics:
            self._by_topic[topic].add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        for topic in subscription.topics:
            readers = self._by_topic[topic]
            readers.discard(subscription)
            if not readers:
                del self._by_topic[topic]

    def wake(self, topic: str) -> None:
        for subscription in self._readers(topic):
            subscription.wake()

    def latest(self, topic: str, key: str, value: Json) -> None:
        for subscription in self._readers(topic):
            subscription.put_latest(key, value)

    def send(self, topic: str, letter: Json) -> None:
        for subscription in self._readers(topic):
            subscription.put_letter(letter)

    def listeners(self, topic: str) -> int:
        return len(self._readers(topic))

    def _readers(self, topic: str) -> tuple[Subscription, ...]:
        return tuple(self._by_topic.get(topic, ()))
