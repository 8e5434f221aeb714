"""Who analyses pictures: the port, and its form inside this process.

Inference never runs on the event loop. The queue is bounded: a picture that finds it full is not
analysed, and everybody is asked for a longer interval. `invigil.monitoring.workers` is the form
with processes, which a server uses.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from invigil.domain.errors import ImageRefused
from invigil.domain.observation import Template, TemplateKind, Trace
from invigil.domain.telemetry import WorkerCount
from invigil.monitoring.load import QUEUE_PER_WORKER, Load, NotAnalysed
from invigil.vision.look import Analysis, Looked, look
from invigil.vision.port import Frame, VisionEngine

_T = TypeVar("_T")


class ManagedAnalysis(Analysis, Protocol):
    """Analysis with a life and a load."""

    @property
    def interval_factor(self) -> float: ...

    @property
    def healthy(self) -> bool:
        """Whether pictures are looked at at all."""
        ...

    @property
    def workers(self) -> WorkerCount: ...

    def waited(self, seconds: float) -> None:
        """A frame waited so long for something else than a worker."""
        ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class ThreadAnalysis:
    """Threads around one engine, for an engine that lives in this process."""

    def __init__(self, engine: VisionEngine, workers: int) -> None:
        self._engine = engine
        self._workers = workers
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="analysis")
        self._waiting = 0
        self._load = Load()

    @property
    def interval_factor(self) -> float:
        return self._load.interval_factor

    @property
    def healthy(self) -> bool:
        return True

    @property
    def workers(self) -> WorkerCount:
        queued = max(0, self._waiting - self._workers)
        return WorkerCount(self._workers, self._workers, 0, queued)

    async def start(self) -> None:
        return

    def waited(self, seconds: float) -> None:
        self._load.waited(seconds)

    async def look(
        self,
        image: bytes,
        templates: Sequence[Template] = (),
        trace: Trace | None = None,
        *,
        photo: bool = False,
    ) -> Looked:
        frames = [Frame(image, templates, trace, photo)]
        (seen,) = await self._run(lambda: look(self._engine, frames))
        if isinstance(seen, ImageRefused):
            raise seen
        return Looked(seen.observation, image if seen.jpeg is None else seen.jpeg)

    async def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        return await self._run(lambda: self._engine.make_template(kind, images))

    async def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= self._workers * QUEUE_PER_WORKER:
            self._load.refused()
            raise NotAnalysed
        asked = time.monotonic()

        def timed() -> tuple[float, _T]:
            return time.monotonic() - asked, work()

        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            waited_s, result = await loop.run_in_executor(self._executor, timed)
        finally:
            self._waiting -= 1
        self._load.waited(waited_s)
        return result
