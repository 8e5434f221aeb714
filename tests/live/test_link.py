"""The task that keeps a server's link to Redis: what breaks it, and what ends it."""

from __future__ import annotations

import asyncio

import pytest

from invigil.feed.redis_bus import RedisBus
from tests.support.redis import RedisServer
from tests.support.wait import until

PATIENCE_S = 20.0


async def known(bus: RedisBus, *, linked: bool) -> None:
    """Wait until this server knows that it does, or does not, reach the others."""

    async def so() -> bool:
        return bus.is_linked is linked

    await until(so, PATIENCE_S)


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_a_link_that_breaks_leaves_no_cancellation_behind(
    redis: RedisServer, how: str
) -> None:
    """On Python 3.11.2 it would make the next timeout the end of the task that keeps the link."""
    bus = RedisBus(redis.url, b"key")
    keeper = asyncio.create_task(bus.run())
    try:
        await known(bus, linked=True)
        getattr(redis, how)()
        await known(bus, linked=False)
        assert keeper.cancelling() == 0
    finally:
        keeper.cancel()
        await asyncio.wait([keeper], timeout=PATIENCE_S)
    assert keeper.cancelled()


async def test_a_link_ends_at_once_however_far_it_has_come(redis: RedisServer) -> None:
    """In the steps in which the driver sends, it swallows being told to end."""
    for steps in range(60):
        keeper = asyncio.create_task(RedisBus(redis.url, b"key").run())
        for _ in range(steps):
            await asyncio.sleep(0)
        keeper.cancel()
        done, _ = await asyncio.wait([keeper], timeout=PATIENCE_S)
        assert done, f"runs on when told to end at step {steps}"
        assert keeper.cancelled()
