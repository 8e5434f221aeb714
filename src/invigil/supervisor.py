"""Keeps what runs beside requests running. The one place with a broad `except`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

RESTART_AFTER_S = 1.0


async def supervise(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever; when it fails, report it and start it again.

    A cancellation that nobody asked this task for counts as a failure as well: it came out of what
    `work` waited for, and the task would end with no word anywhere.
    """
    while True:
        try:
            await work()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.exception("background task was cut short and starts again", task=name)
        except Exception:
            log.exception("background task failed and starts again", task=name)
        await asyncio.sleep(RESTART_AFTER_S)
