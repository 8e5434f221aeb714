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

HUNG_AFTER_S = 4.0
"""A picture takes tens of milliseconds; a worker that needs this long is stuck."""

AGAIN_HUNG_AFTER_S = 1.0
"""The same for a picture that has its second try, by itself: others still wait for theirs."""

ANSWER_WITHIN_S = 9.0
"""From the asking to an answer, come what may: a page waits for 15 seconds, and is asked for its
next picture soon enough not to count as silent (`rules.camera_lost`)."""

READY_WITHIN_S = 60.0
RESPAWN_AFTER_S = 0.5
RESPAWN_AFTER_MOST_S = 8.0
"""While worker after worker fails before it is ready: starting one takes a second of work."""

MOST_AT_ONCE = 8
"""Pictures that go to a worker together when more than one waits: a fifth less work for each."""

_MOST_BYTES = 1 << 26


class WorkerFailedError(Exception):
    """A worker process died, hung, or never got ready."""


@dataclass(eq=False, slots=True)
class _Job:
    """One call. `frame`: None for what is not a look; looks go to a worker together.

    `again`: a worker died or hung with it and others; whose fault it was shows when it goes alone.
    """

    answer: asyncio.Future[Any] = field(repr=False)
    asked: float
    frame: Frame | None = None
    request: Request | None = None
    again: bool = False

    @property
    def alone(self) -> bool:
        """Whether it does not go with others: a photo may be a hundred times a frame's work."""
        return self.again or self.frame is None or self.frame.photo


class WorkerAnalysis:
    """`command`: what starts a worker. `count`: how many, one for each core is best.

    `hung_after_s`: seconds after which a silent worker is replaced. `answer_within_s`: seconds
    after which nobody waits for an answer any more.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        *,
        hung_after_s: float = HUNG_AFTER_S,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._command = tuple(command)
        self._count = count
        self._hung_after_s = hung_after_s
        self._answer_within_s = answer_within_s
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
        self,
        image: bytes,
        templates: Sequence[Template] = (),
        trace: Trace | None = None,
        *,
        photo: bool = False,
    ) -> Looked:
        seen: Seen = await self._ask(frame=Frame(image, tuple(templates), trace, photo))
        return Looked(seen.observation, image if seen.jpeg is None else seen.jpeg)

    async def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        request = Request("make_template", (kind, tuple(images)))
        return cast("Template", await self._ask(request=request))

    async def _ask(self, *, frame: Frame | None = None, request: Request | None = None) -> Any:
        if len(self._jobs) >= self._count * QUEUE_PER_WORKER:
            self._load.refused()
            raise NotAnalysed
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        job = _Job(future, time.monotonic(), frame, request)
        self._jobs.append(job)
        self._some.set()
        try:
            async with asyncio.timeout(self._answer_within_s):
                return await future
        except TimeoutError:
            self._load.refused()
            raise NotAnalysed from None
        finally:
            # Nobody waits for it any more, and without a worker nobody else would take it away.
            if future.cancelled() and job in self._jobs:
                self._jobs.remove(job)

    async def _keep(self, number: int) -> None:
        """One worker after the other, for ever."""
        pause_s = RESPAWN_AFTER_S
        while True:
            try:
                async with _process(self._command) as process:
                    async with _within(READY_WITHIN_S):
                        await _read(process)
                    pause_s = RESPAWN_AFTER_S
                    await self._employ(process)
            except WorkerFailedError as error:
                log.warning("analysis worker replaced", worker=number, reason=str(error))
            except Exception:
                # No memory, process or file is left for another one, say. That passes, and then
                # there must be somebody to try again.
                log.exception("analysis worker could not be kept", worker=number)
            self._replaced += 1
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RESPAWN_AFTER_MOST_S)

    async def _employ(self, process: asyncio.subprocess.Process) -> None:
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
            if job.alone and taken:
                break
            self._jobs.popleft()
            if not job.answer.done():  # nobody waits for it any more otherwise
                taken.append(job)
                if job.alone:
                    break
        return taken

    async def _serve(self, process: asyncio.subprocess.Process, jobs: Sequence[_Job]) -> None:
        now = time.monotonic()
        for job in jobs:
            self._load.waited(now - job.asked)
        try:
            answers = await self._answers(process, jobs)
        except BaseException as error:
            self._give_up(jobs, retry=not isinstance(error, asyncio.CancelledError))
            raise
        for job, answer in zip(jobs, answers, strict=True):
            self._settle(job, answer)

    async def _answers(
        self, process: asyncio.subprocess.Process, jobs: Sequence[_Job]
    ) -> Sequence[Answer]:
        (first, *_) = jobs
        within_s = (
            min(self._hung_after_s, AGAIN_HUNG_AFTER_S) if first.again else self._hung_after_s
        )
        if first.request is not None:
            return [await _exchange(process, first.request, within_s)]
        frames = tuple(job.frame for job in jobs)
        answer = await _exchange(process, Request(LOOK, frames), within_s)
        return [answer] * len(jobs) if answer.value is None else answer.value

    def _give_up(self, jobs: Sequence[_Job], *, retry: bool) -> None:
        """Those of several that failed together have a second try, each by itself."""
        if not retry or len(jobs) == 1:
            for job in jobs:
                self._fail(job)
            return
        for job in jobs:
            job.again = True
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

    @staticmethod
    def _fail(job: _Job) -> None:
        if not job.answer.done():
            job.answer.set_exception(NotAnalysed())


async def _exchange(
    process: asyncio.subprocess.Process, request: Request, within_s: float
) -> Answer:
    """A worker that does not read hangs as well as one that does not answer: a request may be
    larger than what fits into its pipe."""
    if process.stdin is None:
        raise WorkerFailedError("it has no pipe")
    async with _within(within_s):
        try:
            process.stdin.write(pack(request))
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise WorkerFailedError("it ended") from error
        return await _read(process)


async def _read(process: asyncio.subprocess.Process) -> Answer:
    reader = process.stdout
    if reader is None:
        raise WorkerFailedError("it has no pipe")
    try:
        (size,) = HEADER.unpack(await reader.readexactly(HEADER.size))
        return cast("Answer", unpack(await reader.readexactly(size)))
    except asyncio.IncompleteReadError:
        raise WorkerFailedError("it ended while it worked") from None


@contextlib.asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise WorkerFailedError(f"it did not answer for {seconds:g} s") from None


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
