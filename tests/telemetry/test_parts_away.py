"""Parts that really go away and come back: `/metrics` says 0 and 1 of the right one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from tests.support import postgres
from tests.support.chaos import chaos
from tests.support.clock import Clock
from tests.support.house import running
from tests.support.livekit import livekit
from tests.support.metrics import TOKEN, Scrape, scrape
from tests.support.realtimekit import CANDIDATE, KEY, ORG, PROCTOR, realtimekit
from tests.support.redis import redis_server
from tests.support.scripted import ScriptedEngine

PATIENCE_S = 30.0


@pytest.fixture
def own_cluster() -> Iterator[postgres.Cluster]:
    """One that may be stopped."""
    with postgres.cluster() as up:
        yield up


async def until_part(client: AsyncClient, part: str, value: int) -> Scrape:
    """The first scrape that says so."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await scrape(client)
            if found.value("invigil_part_up", part=part) == value:
                return found
            await asyncio.sleep(0.1)


def live_video(found: Scrape) -> dict[str, float]:
    """By provider, and `all` for the part."""
    by_provider = {
        dict(labels)["provider"]: value
        for (name, labels), value in found.values.items()
        if name == "invigil_live_video_up"
    }
    return {**by_provider, "all": found.value("invigil_part_up", part="meetings")}


async def test_each_provider_of_live_video_has_a_value_of_its_own(
    tmp_path: Path, clock: Clock
) -> None:
    with livekit(tmp_path / "livekit") as sfu, realtimekit() as service:
        async with (
            chaos(int(service.origin.rpartition(":")[2])) as line,
            running(
                tmp_path / "data",
                clock,
                ScriptedEngine(),
                metrics_token=TOKEN,
                realtimekit_base_url=f"http://127.0.0.1:{line.port}/v2",
                dyte_org_id=ORG,
                dyte_api_key=KEY,
                realtimekit_candidate_preset=CANDIDATE,
                realtimekit_proctor_preset=PROCTOR,
                **sfu.settings,
            ) as house,
        ):
            client = await house.client()
            well = {"builtin": 1, "livekit": 1, "realtimekit": 1, "all": 1}
            assert live_video(await scrape(client)) == well
            line.down()
            assert live_video(await scrape(client)) == {**well, "realtimekit": 0, "all": 0}
            sfu.kill()
            line.line.up = True
            assert live_video(await scrape(client)) == {**well, "livekit": 0, "all": 0}
            sfu.start()
            assert live_video(await scrape(client)) == well


async def test_a_provider_that_is_not_set_up_has_no_series(tmp_path: Path, clock: Clock) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), metrics_token=TOKEN) as house:
        assert live_video(await scrape(await house.client())) == {"builtin": 1, "all": 1}


async def test_redis_away_is_the_feed_and_nothing_else(tmp_path: Path, clock: Clock) -> None:
    with redis_server(tmp_path / "redis") as redis:
        async with running(
            tmp_path / "data", clock, ScriptedEngine(), metrics_token=TOKEN, feed_url=redis.url
        ) as house:
            client = await house.client()
            await until_part(client, "feed", 1)
            redis.kill()
            found = await until_part(client, "feed", 0)
            assert found.value("invigil_part_up", part="database") == 1
            assert live_video(found)["all"] == 1
            redis.start()
            await until_part(client, "feed", 1)


async def test_a_database_that_is_away_is_told_although_nothing_else_answers(
    tmp_path: Path, clock: Clock, own_cluster: postgres.Cluster
) -> None:
    async with running(
        tmp_path / "data",
        clock,
        ScriptedEngine(),
        metrics_token=TOKEN,
        database_url=own_cluster.create(),
    ) as house:
        client = await house.client()
        await until_part(client, "database", 1)
        await asyncio.to_thread(own_cluster.stop)
        found = await until_part(client, "database", 0)
        assert found.value("invigil_part_up", part="feed") == 1
        assert live_video(found)["all"] == 1
        assert (await client.get("/readyz")).status_code == 503
        await asyncio.to_thread(own_cluster.start)
        await until_part(client, "database", 1)
