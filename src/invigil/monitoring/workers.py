"""Analysis in processes of their own: one engine each, replaced when they die or hang.

Each process talks over its own two pipes, so one that is killed in the middle of a word harms
nobody else. When this server dies, the pipes close and the processes end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog

from invigil.domain.observation import Template, TemplateKind, Trace
from invigil.domain.telemetry import WorkerCount
from invigil.monitoring.load import QUEUE_PER_WORKER, Load, NotAnalysed
from invigil.vision.look import Looked, Seen
from invigil.vision.messages import HEADER, LOOK, Answer, Request, pack, unpack
from invigil.vision.port import Frame

log = structlog.get_logger(__name__)

HUNG_AFTER_S = 6.0
"""A picture takes tens of milliseconds; a worker that needs this long is stuck."""

READY_WITHIN_S = 60.0
RESPAWN_AFTER_S = 0.5
MOST_AT_ONCE = 8
"""Pictures that go to a worker together when more than one waits: a fifth less work for each."""

_MOST_BYTES = 1 << 26


class WorkerFailedError(Exception):
    """A worker process died, hung, or never got ready."""


class WorkerDiedError(WorkerFailedError):
    """A worker process ended while it had something to do."""


@dataclass(eq=False, slots=True)
class _Job:
    """One call. `frame`: None for what is not a look; looks go to a worker together.

    `alone`: a worker died with it and others; whose fault it was shows when it goes alone.
    """

    answer: asyncio.Future[Any] = field(repr=False)
    asked: float
    frame: Frame | None = None
    request: Request | None = None
    alone: bool = False


class WorkerAnalysis:
    """`command`: what starts a worker. `count`: how many, one for each core is best.

    `hung_after_s`: seconds after which a silent worker is replaced.
    """

    def __init__(
        self, command: Sequence[str], count: int, *, hung_after_s: float = HUNG_AFTER_S
    ) -> None:
        self._command = tuple(command)
        self._count = count
        self._hung_after_s = hung_after_s
        self._jobs: deque[_Job] = deque()
        self._some = asyncio.Event()
        self._load = Load()
        self._ready = 0
        self._replaced = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._first_ready = asyncio.Event()

    @property
    def interval_factor(self) -> float:
        return self._load.interval_factor

    @property
    def healthy(self) -> bool:
        return self._ready > 0

    @property
    def workers(self) -> WorkerCount:
        return WorkerCount(self._count, self._ready, self._replaced, len(self._jobs))

    def waited(self, seconds: float) -> None:
        self._load.waited(seconds)

    async def start(self) -> None:
        """Start the workers and wait for the first one.

        Raises `WorkerFailedError` when none gets ready: its own words are on standard error.
        """
        self._tasks = [
            asyncio.create_task(self._keep(number), name=f"worker {number}")
            for number in range(self._count)
        ]
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._first_ready.wait()
        except TimeoutError:
            await self.close()
            raise WorkerFailedError(
                "No analysis worker could be started; the reason is printed above."
            ) from None

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._jobs:
            self._fail(self._jobs.popleft())

    async def look(
        self, image: bytes, templates: Sequence[Template] = (), trace: Trace | None = None
    ) -> Looked:
        seen: Seen = await self._ask(frame=Frame(image, tuple(templates), trace))
        return Looked(seen.observation, image if seen.jpeg is None else seen.jpeg)

    async def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        request = Request("make_template", (kind, tuple(images)))
        return cast("Template", await self._ask(request=request))

    async def _ask(self, *, frame: Frame | None = None, request: Request | None = None) -> Any:
        if len(self._jobs) >= self._count * QUEUE_PER_WORKER:
            self._load.refused()
            raise NotAnalysed
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.append(_Job(future, time.monotonic(), frame, request))
        self._some.set()
        return await future

    async def _keep(self, number: int) -> None:
        """One worker after the other, for ever."""
        while True:
            try:
                async with _process(self._command) as process:
                    await self._employ(process)
            except WorkerFailedError as error:
                self._replaced += 1
                log.warning("analysis worker replaced", worker=number, reason=str(error))
            await asyncio.sleep(RESPAWN_AFTER_S)

    async def _employ(self, process: asyncio.subprocess.Process) -> None:
        await self._read(process, READY_WITHIN_S)
        self._ready += 1
        self._first_ready.set()
        ended = asyncio.create_task(process.wait())
        try:
            while True:
                jobs = await self._next_jobs(ended)
                if jobs:
                    await self._serve(process, jobs)
        finally:
            self._ready -= 1
            ended.cancel()

    async def _next_jobs(self, ended: asyncio.Task[int]) -> list[_Job]:
        """What to do next, unless the idle process ends first: then jobs stay where they are."""
        while not self._jobs:
            self._some.clear()
            some = asyncio.create_task(self._some.wait())
            try:
                await asyncio.wait({some, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                some.cancel()
            if ended.done():
                break
        if ended.done():
            raise WorkerFailedError("it ended while it was idle")
        return self._taken()

    def _taken(self) -> list[_Job]:
        """This worker's share of the looks that wait, or one job of another kind."""
        share = min(MOST_AT_ONCE, -(-len(self._jobs) // self._count))
        taken: list[_Job] = []
        while self._jobs and len(taken) < share:
            job = self._jobs[0]
            single = job.alone or job.frame is None
            if single and taken:
                break
            self._jobs.popleft()
            if not job.answer.done():  # nobody waits for it any more otherwise
                taken.append(job)
                if single:
                    break
        return taken

    async def _serve(self, process: asyncio.subprocess.Process, jobs: Sequence[_Job]) -> None:
        now = time.monotonic()
        for job in jobs:
            self._load.waited(now - job.asked)
        try:
            answers = await self._answers(process, jobs)
        except (WorkerFailedError, asyncio.CancelledError) as error:
            self._give_up(jobs, retry=isinstance(error, WorkerDiedError))
            raise
        for job, answer in zip(jobs, answers, strict=True):
            self._settle(job, answer)

    async def _answers(
        self, process: asyncio.subprocess.Process, jobs: Sequence[_Job]
    ) -> Sequence[Answer]:
        (first, *_) = jobs
        if first.request is not None:
            return [await self._exchange(process, first.request)]
        frames = tuple(job.frame for job in jobs)
        answer = await self._exchange(process, Request(LOOK, frames))
        return [answer] * len(jobs) if answer.value is None else answer.value

    def _give_up(self, jobs: Sequence[_Job], *, retry: bool) -> None:
        """Those of several that died together have a second try, each by itself."""
        if not retry or len(jobs) == 1:
            for job in jobs:
                self._fail(job)
            return
        for job in jobs:
            job.alone = True
        self._jobs.extendleft(reversed(jobs))
        self._some.set()

    def _settle(self, job: _Job, answer: Answer) -> None:
        if job.answer.done():
            return
        if answer.fault is not None:
            log.error("analysis failed", reason=answer.fault)
            self._fail(job)
        elif answer.error is not None:
            job.answer.set_exception(answer.error)
        else:
            job.answer.set_result(answer.value)

    async def _exchange(self, process: asyncio.subprocess.Process, request: Request) -> Answer:
        writer = process.stdin
        if writer is None:
            raise WorkerFailedError("it has no pipe")
        try:
            writer.write(pack(request))
            await writer.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise WorkerDiedError("it ended") from error
        return await self._read(process, self._hung_after_s)

    async def _read(self, process: asyncio.subprocess.Process, within_s: float) -> Answer:
        reader = process.stdout
        if reader is None:
            raise WorkerFailedError("it has no pipe")
        try:
            async with asyncio.timeout(within_s):
                (size,) = HEADER.unpack(await reader.readexactly(HEADER.size))
                return cast("Answer", unpack(await reader.readexactly(size)))
        except TimeoutError:
            raise WorkerFailedError(f"it did not answer for {within_s:g} s") from None
        except asyncio.IncompleteReadError:
            raise WorkerDiedError("it ended while it worked") from None

    @staticmethod
    def _fail(job: _Job) -> None:
        if not job.answer.done():
            job.answer.set_exception(NotAnalysed())


@contextlib.asynccontextmanager
async def _process(command: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process that is gone afterwards, whatever happens."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_MOST_BYTES,
        # Ctrl-C is for the server; workers end when their pipe does.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
