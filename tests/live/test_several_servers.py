"""Two servers with one database and one Redis: one feed, also when Redis is away."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from invigil.domain.incident import GapCause
from invigil.feed import redis_bus
from invigil.feed.redis_bus import FeedMisconfigured, RedisBus
from invigil.settings import Settings
from tests.support.clock import Clock
from tests.support.databases import Dialect, current
from tests.support.house import Candidate, Json, Proctor, Running, read, running
from tests.support.ports import free_port
from tests.support.redis import RedisServer
from tests.support.scripted import ScriptedEngine
from tests.support.server import Page, console, dial, exam_page, proctor_ticket, serving

PROMISED_LAG_S = 5.0
BAD_TICKET = 4401
PATIENCE_S = 20.0


class Pair:
    """Candidates are at `left`, the proctor watches at `right`."""

    def __init__(self, left: Running, right: Running) -> None:
        self.left = left
        self.right = right

    @staticmethod
    def bus(house: Running) -> RedisBus:
        bus = house.rooms.bus
        assert isinstance(bus, RedisBus)
        return bus

    async def until(self, *, linked: bool) -> None:
        """Wait until both servers know that they do, or do not, reach one another."""
        async with asyncio.timeout(PATIENCE_S):
            for house in (self.left, self.right):
                while self.bus(house).is_linked is not linked:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.02)

    async def enter(self, session: Json, name: str = "Ada Example") -> Candidate:
        return await self.left.enter(session, name, b"me")


def shared(tmp_path: Path, redis: RedisServer) -> dict[str, Any]:
    """What servers of one installation have in common."""
    return {
        "database_url": current.dialect.url(tmp_path)
        or f"sqlite+aiosqlite:///{tmp_path / 'one.db'}",
        "evidence_url": (tmp_path / "images").as_uri(),
        "feed_url": redis.url,
    }


def same_key(tmp_path: Path, *names: str) -> None:
    """Every server has a data folder of its own, and the key of the first."""
    first, *others = [tmp_path / name for name in names]
    for other in others:
        other.mkdir(exist_ok=True)
        for key in ("secret.key", "master.key"):
            shutil.copy(first / key, other / key)


@asynccontextmanager
async def pair(tmp_path: Path, clock: Clock, redis: RedisServer) -> AsyncIterator[Pair]:
    settings = shared(tmp_path, redis)
    async with AsyncExitStack() as stack:
        left = await stack.enter_async_context(
            serving(tmp_path / "left", clock, ScriptedEngine(), **settings)
        )
        same_key(tmp_path, "left", "right")
        right = await stack.enter_async_context(
            serving(tmp_path / "right", clock, ScriptedEngine(), **settings)
        )
        both = Pair(left, right)
        await both.until(linked=True)
        yield both


@pytest.fixture
async def nodes(
    tmp_path: Path, clock: Clock, redis: RedisServer, dialect: Dialect
) -> AsyncIterator[Pair]:
    async with pair(tmp_path, clock, redis) as both:
        yield both


@pytest.fixture
async def proctor(nodes: Pair) -> Proctor:
    return await nodes.right.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()


async def lag(candidate: Candidate, page: Page, text: str) -> float:
    """Seconds from a message of the candidate to the console."""
    begun = time.monotonic()
    read(await candidate.post("messages", {"text": text}), 201)
    while (await page.event("message"))["event"]["message"]["text"] != text:
        pass
    return time.monotonic() - begun


def seqs(page: Page) -> list[int]:
    return [letter["seq"] for letter in page.letters if letter["type"] == "event"]


async def test_what_happens_at_one_server_is_at_once_on_the_consoles_of_another(
    nodes: Pair, proctor: Proctor, session: Json
) -> None:
    ada = await nodes.enter(session)
    async with await console(nodes.right, proctor, session) as page:
        read(await ada.send(b"me"))
        tile = await page.until("tile", candidate_id=ada.id)
        assert tile["live"]["identity"] == "match"
        assert await lag(ada, page, "Hello?") < 1.5
        await ada.film(b"two", 3)
        assert (await page.event("incident_changed"))["event"]["opened"] is True
        (incident,) = await proctor.incidents(session)
        image = await proctor.client.get(f"/api/v1/evidence/{incident['evidence'][0]['id']}")
        assert image.status_code == 200


async def test_a_message_reaches_the_candidate_at_another_server(
    nodes: Pair, proctor: Proctor, session: Json
) -> None:
    ada = await nodes.enter(session)
    async with await exam_page(nodes.left, ada) as page:
        begun = time.monotonic()
        address = f"/api/v1/candidates/{ada.id}/messages"
        read(await proctor.client.post(address, json={"text": "Please sit down."}), 201)
        assert (await page.event("message"))["event"]["message"]["text"] == "Please sit down."
        assert time.monotonic() - begun < 1.5


async def test_a_ticket_of_one_server_opens_a_socket_at_another(
    nodes: Pair, proctor: Proctor, session: Json
) -> None:
    ticket = await proctor_ticket(proctor, session)
    async with await dial(nodes.left, ticket) as page:
        assert (await page.until("hello"))["role"] == "proctor"
    async with await dial(nodes.right, ticket) as page:
        assert await page.closed_with() == BAD_TICKET


async def test_peers_signal_from_server_to_server(
    nodes: Pair, proctor: Proctor, session: Json
) -> None:
    ada = await nodes.enter(session)
    async with await console(nodes.right, proctor, session) as theirs:
        async with await exam_page(nodes.left, ada) as mine:
            her_peer, their_peer = mine.letters[0]["peer"], theirs.letters[0]["peer"]
            joined = await theirs.until("peer_joined", peer=her_peer)
            assert (joined["role"], joined["candidate_id"]) == ("candidate", ada.id)
            assert [each["peer"] for each in mine.letters[0]["peers"]] == [their_peer]
            signal = {"epoch": 1, "description": {"type": "offer", "sdp": "v=0 … ✓"}}
            await mine.send(type="signal", to=their_peer, signal=signal)
            found = await theirs.until("signal")
            assert (found["from"], found["signal"]) == (her_peer, signal)
            await theirs.send(type="signal", to=her_peer, signal={"want": "focus"})
            assert (await mine.until("signal"))["from"] == their_peer
            assert (await proctor.candidate(session, ada.id))["online"] is True
        assert (await theirs.until("peer_left"))["peer"] == her_peer
        await theirs.until("presence", candidate_id=ada.id, online=False)
        assert (await proctor.candidate(session, ada.id))["online"] is False


async def test_candidates_at_two_servers_never_reach_one_another(
    nodes: Pair, proctor: Proctor, session: Json
) -> None:
    ada = await nodes.enter(session)
    ben = await nodes.right.enter(session, "Ben", b"me")
    async with await exam_page(nodes.left, ada) as hers, await exam_page(nodes.right, ben) as his:
        await lag_free(nodes)
        assert hers.letters[0]["peers"] == his.letters[0]["peers"] == []
        await hers.send(type="signal", to=his.letters[0]["peer"], signal={"epoch": 1})
        await hers.all_so_far()
        await lag_free(nodes)
        assert await his.all_so_far() == []


async def lag_free(nodes: Pair) -> None:
    """Both servers have heard what the other said before."""
    for here, there in ((nodes.left, nodes.right), (nodes.right, nodes.left)):
        news = there.rooms.bus.subscribe("test")
        here.rooms.bus.wake("test")
        await news.wait(PATIENCE_S)
        assert news.take()[0]
        news.close()


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_ten_minutes_without_redis(
    nodes: Pair, proctor: Proctor, session: Json, redis: RedisServer, how: str
) -> None:
    """Consoles lag by five seconds at most, nothing is lost, and it recovers by itself."""
    ada = await nodes.enter(session)
    async with await console(nodes.right, proctor, session) as page:
        getattr(redis, how)()
        lags = [await lag(ada, page, "just after")]
        await nodes.until(linked=False)
        clock = nodes.left.clock
        end = clock.now.timestamp() + 600
        number = 0
        while clock.now.timestamp() < end:
            number += 1
            lags.append(await lag(ada, page, f"message {number}"))
            await ada.film(b"two %d" % number, 3)
            await ada.film(b"me", 12)
            clock.advance(85)
        assert max(lags) <= PROMISED_LAG_S, lags
        system = read(await proctor.client.get("/api/v1/system"))
        assert "do not reach one another" in system["text"]

        redis.start() if how == "kill" else redis.thaw()
        await nodes.until(linked=True)
        assert await lag(ada, page, "and back") < 1.5
        # Every event once and in order.
        async with nodes.right.database.read() as work:
            events = await work.events.since(session["id"], page.letters[0]["cursor"], None, 500)
        while seqs(page)[-1] < events[-1].seq:
            await page.until("event")
        assert seqs(page) == [event.seq for event in events]
        opened = [
            letter
            for letter in page.letters
            if letter["type"] == "event"
            and letter["event"]["kind"] == "incident_changed"
            and letter["event"]["opened"]
        ]
        assert len(opened) == number == len(await proctor.incidents(session))
        assert read(await proctor.client.get("/api/v1/system"))["text"] is None


async def test_pages_that_came_during_the_outage_find_one_another_after_it(
    nodes: Pair, proctor: Proctor, session: Json, redis: RedisServer
) -> None:
    ada = await nodes.enter(session)
    redis.kill()
    await nodes.until(linked=False)
    async with (
        await console(nodes.right, proctor, session) as theirs,
        await exam_page(nodes.left, ada) as mine,
    ):
        assert theirs.letters[0]["peers"] == mine.letters[0]["peers"] == []
        redis.start()
        await theirs.until("peer_joined", peer=mine.letters[0]["peer"])
        await mine.until("peer_joined", peer=theirs.letters[0]["peer"])
        await theirs.until("presence", candidate_id=ada.id, online=True)


async def test_a_server_starts_without_redis_and_joins_when_it_is_there(
    tmp_path: Path, clock: Clock, redis: RedisServer
) -> None:
    redis.kill()
    async with running(
        tmp_path / "left", clock, ScriptedEngine(), **shared(tmp_path, redis)
    ) as house:
        proctor = await house.proctor()
        assert "do not reach" in read(await proctor.client.get("/api/v1/system"))["text"]
        redis.start()
        await Pair(house, house).until(linked=True)
        assert read(await proctor.client.get("/api/v1/system"))["text"] is None


async def test_a_server_that_dies_takes_its_pages_with_it(
    tmp_path: Path, clock: Clock, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "GONE_AFTER_S", 2.5)
    async with pair(tmp_path, clock, redis) as nodes:
        proctor = await nodes.right.proctor()
        session = await proctor.open_session()
        ada = await nodes.enter(session)
        async with (
            await console(nodes.right, proctor, session) as theirs,
            await exam_page(nodes.left, ada) as mine,
        ):
            await theirs.until("peer_joined", peer=mine.letters[0]["peer"])
            # It says no word any more, not even good-bye.
            monkeypatch.setattr(nodes.left.rooms.bus, "_channel", "elsewhere")
            await theirs.until("peer_left", peer=mine.letters[0]["peer"])
            await theirs.until("presence", candidate_id=ada.id, online=False)
            assert (await proctor.candidate(session, ada.id))["online"] is False


async def test_a_second_server_that_starts_or_stalls_is_no_gap(
    tmp_path: Path, clock: Clock, redis: RedisServer
) -> None:
    settings = shared(tmp_path, redis)
    async with running(tmp_path / "left", clock, ScriptedEngine(), **settings) as left:
        proctor = await left.proctor()
        session = await proctor.open_session()
        ada = await left.enter(session, face=b"me")
        same_key(tmp_path, "left", "right")
        async with running(tmp_path / "right", clock, ScriptedEngine(), **settings) as right:
            for _ in range(6):
                await ada.frame(b"me")
                await left.watch.tick()
            await right.watch.tick()  # late by half a minute, while the other was there
            assert (await proctor.snapshot(session))["gaps"] == []
        clock.advance(60)
        async with running(tmp_path / "right", clock, ScriptedEngine(), **settings):
            (gap,) = (await proctor.snapshot(session))["gaps"]
            assert gap["cause"] == GapCause.SERVER.value


async def refusal(tmp_path: Path, url: str) -> str:
    with pytest.raises(FeedMisconfigured) as caught:
        async with running(tmp_path / "other", Clock(), ScriptedEngine(), feed_url=url):
            pass
    assert caught.value.fix
    return caught.value.message


async def test_a_redis_that_refuses_is_named_at_the_start(
    tmp_path: Path, clock: Clock, redis: RedisServer
) -> None:
    said = await refusal(tmp_path, redis.url.replace("north-4711", "wrong"))
    assert said.startswith("INVIGIL_FEED_URL: Redis refuses us")
    assert "north-4711" not in said
    async with running(tmp_path / "left", clock, ScriptedEngine(), **shared(tmp_path, redis)):
        said = await refusal(tmp_path, redis.url)
    assert said == "INVIGIL_FEED_URL: this Redis database serves an installation with another key."


async def trouble(url: str) -> dict[str, Any]:
    """What the log says of a Redis that is not reached at the start."""
    with capture_logs() as logs:
        await RedisBus(url, b"key").check()
    (line,) = logs
    assert "canary" not in repr(line)
    assert line["log_level"] == "warning"
    assert line["setting"] == "INVIGIL_FEED_URL"
    assert "exams go on" in line["event"]
    return dict(line)


async def test_a_redis_that_is_not_reached_at_the_start_is_named_with_the_cause(
    redis: RedisServer,
) -> None:
    unknown = await trouble("redis://:canary@no-such-host.invalid:6379/0")
    assert unknown["host"] == "no-such-host.invalid:6379"
    assert unknown["reason"] == "the name of this host cannot be resolved"
    redis.freeze()
    assert (await trouble(redis.url))["reason"] == "it did not answer in time"
    redis.thaw()
    redis.kill()
    gone = await trouble(redis.url)
    assert gone["host"] in redis.url
    assert gone["reason"] == "nothing listens there"
    redis.start()
    with capture_logs() as logs:
        await RedisBus(redis.url, b"key").check()
    assert logs == []


async def test_what_is_no_redis_ends_the_start() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        with pytest.raises(FeedMisconfigured) as caught:
            await RedisBus(f"redis://:canary@127.0.0.1:{port}/0", b"key").check()
    said = f"INVIGIL_FEED_URL: what answers at 127.0.0.1:{port} is no Redis."
    assert caught.value.message == said


@pytest.mark.parametrize(
    "url",
    ["localhost", "http://localhost", "redis://", "nats://localhost", "redis://:ca#nary@h:6379"],
)
def test_urls_that_cannot_be_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be redis://host:6379/0") as caught:
        Settings(_env_file=None, feed_url=url)
    assert "ca#nary" not in str(caught.value)
