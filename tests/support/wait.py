"""Waiting for what tells nobody that it has happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_S = 30.0


async def until(holds: Callable[[], Awaitable[object]], patience_s: float = PATIENCE_S) -> None:
    """Ask until the answer is true."""
    async with asyncio.timeout(patience_s):
        while not await holds():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.02)
