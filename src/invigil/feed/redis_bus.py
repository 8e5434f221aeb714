"""The feed over several servers, through Redis or Valkey.

Everything is published on one channel and handed on by each server to its own pages. Redis keeps
nothing: while it is away the pages of each server read the log more often, which is in the
database, and when it is back they read it once more.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Coroutine
from typing import Any, NoReturn
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    InvalidResponse,
    RedisError,
    ResponseError,
)

from invigil.domain.errors import InvigilError
from invigil.domain.outage import place_of, why_away
from invigil.domain.secrets import new_id
from invigil.feed.bus import PATIENCE_S, Json, LocalBus, Neighbours, Subscription
from invigil.feed.outbox import Item, Outbox

log = structlog.get_logger(__name__)

BEAT_S = 1.0
SILENT_S = 3.0
"""A link on which our own beats do not come back for so long is broken, whatever TCP says."""

RETRY_S = 1.0
ALONE_PATIENCE_S = 2.0
GONE_AFTER_S = 15.0
ANSWER_S = 2.0

_TROUBLE = (
    "The servers of this installation do not reach one another. News from candidates on other "
    "servers come up to 5 seconds late, and their live video cannot be opened anew."
)


class FeedMisconfigured(InvigilError):
    """For whoever runs the server: what is wrong with INVIGIL_FEED_URL."""

    status = 503
    code = "feed_misconfigured"
    message = "INVIGIL_FEED_URL: this Redis cannot be used."
    fix = "See docs/real-parts.md."


class RedisBus:
    """A `Bus` whose other end is every server with the same URL and the same key.

    `key`: of the installation; nothing of it leaves but a fingerprint. Call `run` until it is
    cancelled. Times here are real seconds.
    """

    def __init__(self, url: str, key: bytes) -> None:
        self.node = new_id()
        self._url = _for_driver(url)
        self._place = place_of(url)
        self._fingerprint = hmac.new(key, b"feed", hashlib.sha256).hexdigest()
        self._channel = f"invigil:{urlsplit(url).path.strip('/') or '0'}"
        self._here = LocalBus()
        self._out = Outbox()
        self._neighbours: Neighbours | None = None
        self._heard: dict[str, float] = {}
        self._linked = False
        self._told_away = False

    # What the house asks for ------------------------------------------------------------------

    @property
    def here(self) -> LocalBus:
        return self._here

    @property
    def patience_s(self) -> float:
        return PATIENCE_S if self._linked else ALONE_PATIENCE_S

    @property
    def is_linked(self) -> bool:
        """Whether our own words come back from Redis."""
        return self._linked

    def trouble(self) -> str | None:
        return None if self._linked or not self._told_away else _TROUBLE

    def attend(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    def subscribe(self, *topics: str) -> Subscription:
        return self._here.subscribe(*topics)

    def listeners(self, topic: str) -> int:
        """Readers at this server."""
        return self._here.listeners(topic)

    def wake(self, topic: str) -> None:
        self._here.wake(topic)
        if self._linked:
            self._out.wake(topic)

    def latest(self, topic: str, key: str, value: Json) -> None:
        self._here.latest(topic, key, value)
        if self._linked:
            self._out.latest(topic, key, value)

    def send(self, topic: str, letter: Json) -> None:
        """A letter has one reader: when that is here, nobody else needs to hear it."""
        if self._here.listeners(topic):
            self._here.send(topic, letter)
        elif self._linked:
            self._out.letter("s", topic, letter)

    def tell(self, note: Json) -> None:
        if self._linked:
            self._out.letter("n", note)

    # The link ---------------------------------------------------------------------------------

    async def check(self) -> None:
        """Ask Redis once. Raises `FeedMisconfigured` when it refuses; one that does not answer is
        an outage, in which the exam must be able to start."""
        client = self._client()
        try:
            await self._introduce(client)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
        finally:
            await client.aclose()

    async def run(self) -> None:
        """Keep the link up for ever; when it breaks, try again every second."""
        while True:
            client = self._client()
            try:
                await self._link(client)
            except (RedisError, OSError, TimeoutError, FeedMisconfigured) as error:
                self._lost(error)
            finally:
                self._linked = False
                await client.aclose()
            _stop_if_cancelled()
            await asyncio.sleep(RETRY_S)

    def _client(self) -> Redis:
        return Redis.from_url(
            self._url,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            # One clear failure is better than hidden attempts: we have our own.
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    async def _introduce(self, client: Redis) -> None:
        """Make sure that those on the channel are of this installation."""
        try:
            await client.set("invigil:installation", self._fingerprint, nx=True)
            found = await client.get("invigil:installation")
        except (AuthenticationError, AuthorizationError, ResponseError) as error:
            raise FeedMisconfigured(
                f"INVIGIL_FEED_URL: Redis refuses us ({error}).",
                fix="Put user and password into the URL: redis://user:password@host:6379/0. The "
                "user needs the commands SET, GET, PUBLISH and SUBSCRIBE on invigil:*.",
            ) from error
        except InvalidResponse as error:
            raise FeedMisconfigured(
                f"INVIGIL_FEED_URL: what answers at {self._place} is no Redis.",
                fix="Check host and port, and whether it is rediss:// with TLS.",
            ) from error
        if found != self._fingerprint:
            raise FeedMisconfigured(
                "INVIGIL_FEED_URL: this Redis database serves an installation with another key.",
                fix="Servers of one installation need the same secret.key in their data folders: "
                "copy it. For another installation take another database: redis://host:6379/1.",
            )

    async def _link(self, client: Redis) -> None:
        await self._introduce(client)
        async with client.pubsub() as pubsub:
            await pubsub.subscribe(self._channel)
            _stop_if_cancelled()
            await _until_one_fails(self._listen(pubsub), self._talk(client))

    async def _talk(self, client: Redis) -> NoReturn:
        """Publish what waits, and a beat each second: one that comes back proves the link."""
        while True:
            items = self._out.take()
            await client.publish(self._channel, json.dumps({"node": self.node, "items": items}))
            _stop_if_cancelled()
            await self._out.wait(BEAT_S)

    async def _listen(self, pubsub: PubSub) -> NoReturn:
        loop = asyncio.get_running_loop()
        self._heard[self.node] = loop.time()
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=BEAT_S)
            _stop_if_cancelled()
            if message is not None:
                found = json.loads(message["data"])
                self._hear(found["node"], found["items"], loop.time())
            if loop.time() - self._heard[self.node] > SILENT_S:
                raise TimeoutError
            self._miss(loop.time())

    def _hear(self, node: str, items: list[Item], now: float) -> None:
        self._heard[node] = now
        if node == self.node:
            self._found()
            return
        if self._neighbours is not None:
            self._neighbours.still_there(node)
        for kind, *rest in items:
            match kind:
                case "w":
                    self._here.wake(*rest)
                case "l":
                    self._here.latest(*rest)
                case "s":
                    self._here.send(*rest)
                case "n" if self._neighbours is not None:
                    self._neighbours.hear(node, *rest)

    def _miss(self, now: float) -> None:
        """Notice servers that have fallen silent, while we ourselves are heard."""
        for node in [n for n, at in self._heard.items() if now - at > GONE_AFTER_S]:
            del self._heard[node]
            if self._neighbours is not None:
                self._neighbours.gone(node)

    def _found(self) -> None:
        if self._linked:
            return
        self._linked = True
        self._told_away = False
        log.info("feed reaches the other servers")
        now = asyncio.get_running_loop().time()
        # They had no way to be heard: their time begins anew.
        self._heard = dict.fromkeys(self._heard, now)
        if self._neighbours is not None:
            self._neighbours.linked()
        self._here.wake_all()

    def _lost(self, error: BaseException) -> None:
        self._linked = False
        self._out.clear()
        if not self._told_away:
            self._told_away = True
            log.warning(
                "feed does not reach the other servers; until it does, exams go on, consoles learn "
                "of what happens there up to 5 seconds late, and live video between servers is not "
                "opened anew",
                setting="INVIGIL_FEED_URL",
                host=self._place,
                reason=why_away(error),
            )
            # What was published last may not have come through: look now, and more often.
            self._here.wake_all()


async def _until_one_fails(*works: Coroutine[Any, Any, NoReturn]) -> None:
    """Run `works` side by side; when one fails, end the others and raise what it raised.

    Not a `TaskGroup`: before Python 3.13 that leaves its own task counted as cancelled when a
    member fails. `run` goes on in that task, and before Python 3.11.3 (Debian 12 has 3.11.2) the
    next answer that is late would then end it for good, as `CancelledError`, not `TimeoutError`.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        first = next(task for task in tasks if task.done())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    first.result()


def _stop_if_cancelled() -> None:
    """The driver can swallow a cancellation while it sends, and a server would never end."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _for_driver(url: str) -> str:
    """Valkey is spoken to in the same way; the driver knows only Redis's names."""
    return url.replace("valkeys://", "rediss://", 1).replace("valkey://", "redis://", 1)
