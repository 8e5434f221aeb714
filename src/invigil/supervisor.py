"""Keeps what runs beside requests running. The one place with a broad `except`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

RESTART_AFTER_S = 1.0


async def supervise(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever; when it fails, report it and start it again."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("background task failed and starts again", task=name)
        await asyncio.sleep(RESTART_AFTER_S)
