"""The workers that analyse pictures, and how busy they are.

Inference never runs on the event loop. The queue is bounded: a frame that finds it full is not
analysed, and everybody is asked for a longer interval.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from invigil.domain.errors import Unavailable
from invigil.domain.observation import Observation, Template, TemplateKind
from invigil.vision.port import VisionEngine

_T = TypeVar("_T")

QUEUE_PER_WORKER = 16
"""Frames that may wait for each worker; at 25 ms a frame the last one waits 0.4 s."""

BUSY_WAIT_S = 0.25
"""From this mean wait on, intervals are stretched."""

MAX_FACTOR = 6.0
_SMOOTHING = 0.2
_STRETCH = 1.25
_RELAX = 0.97


class Overloaded(Unavailable):
    """The queue is full. The frame pipeline turns it into a longer interval, never an error."""


class AnalysisPool:
    """Threads around one engine: onnxruntime and OpenCV release the interpreter at work."""

    def __init__(self, engine: VisionEngine, workers: int) -> None:
        self._engine = engine
        self._workers = workers
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="analysis")
        self._waiting = 0
        self._mean_wait_s = 0.0
        self._factor = 1.0

    @property
    def interval_factor(self) -> float:
        """By how much every candidate's interval is stretched, 1 to `MAX_FACTOR`."""
        return self._factor

    async def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        return await self._run(lambda: self._engine.observe(image, templates))

    async def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        return await self._run(lambda: self._engine.make_template(kind, images))

    async def jpeg(self, image: bytes) -> bytes:
        return await self._run(lambda: self._engine.jpeg(image))

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= self._workers * QUEUE_PER_WORKER:
            self._factor = min(MAX_FACTOR, self._factor * _STRETCH)
            raise Overloaded
        asked = time.monotonic()

        def timed() -> tuple[float, _T]:
            return time.monotonic() - asked, work()

        self._waiting += 1
        try:
            waited_s, result = await asyncio.get_running_loop().run_in_executor(
                self._executor, timed
            )
        finally:
            self._waiting -= 1
        self._note_wait(waited_s)
        return result

    def _note_wait(self, waited_s: float) -> None:
        self._mean_wait_s += _SMOOTHING * (waited_s - self._mean_wait_s)
        if self._mean_wait_s > BUSY_WAIT_S:
            self._factor = min(MAX_FACTOR, self._factor * _STRETCH)
        else:
            self._factor = max(1.0, self._factor * _RELAX)
