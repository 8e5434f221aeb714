"""What runs beside requests goes on, whatever ends it."""

from __future__ import annotations

import asyncio

import pytest

from invigil.supervisor import supervise


@pytest.mark.parametrize("failure", [RuntimeError("a fault"), asyncio.CancelledError()])
async def test_work_that_ends_starts_again(failure: BaseException) -> None:
    """Also where what it waited for was cancelled, which would end it without a word."""
    again = asyncio.Event()
    failures = [failure]

    async def work() -> None:
        if failures:
            raise failures.pop()
        again.set()
        await asyncio.Event().wait()

    keeper = asyncio.create_task(supervise("work", work))
    async with asyncio.timeout(10):
        await again.wait()
    assert not keeper.done()
    keeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeper
