"""Analysis in processes of their own: one engine each, replaced when they die or hang.

Each process talks over its own two pipes, so one that is killed in the middle of a word harms
nobody else. When this server dies, the pipes close and the processes end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog

from invigil.domain.observation import Observation, Template, TemplateKind
from invigil.monitoring.load import QUEUE_PER_WORKER, Load, NotAnalysed
from invigil.vision.messages import HEADER, Answer, Request, pack, unpack

log = structlog.get_logger(__name__)

HUNG_AFTER_S = 6.0
"""A picture takes tens of milliseconds; a worker that needs this long is stuck."""

READY_WITHIN_S = 60.0
RESPAWN_AFTER_S = 0.5
_MOST_BYTES = 1 << 26


class WorkerFailedError(Exception):
    """A worker process died, hung, or never got ready."""


@dataclass(eq=False, slots=True)
class _Job:
    request: Request
    answer: asyncio.Future[Any] = field(repr=False)
    asked: float = field(default_factory=time.monotonic)


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
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(count * QUEUE_PER_WORKER)
        self._load = Load()
        self._ready = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._first_ready = asyncio.Event()

    @property
    def interval_factor(self) -> float:
        return self._load.interval_factor

    @property
    def healthy(self) -> bool:
        return self._ready > 0

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
        while not self._jobs.empty():
            self._fail(self._jobs.get_nowait())

    async def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        return cast("Observation", await self._ask("observe", image, tuple(templates)))

    async def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        return cast("Template", await self._ask("make_template", kind, tuple(images)))

    async def jpeg(self, image: bytes) -> bytes:
        return cast("bytes", await self._ask("jpeg", image))

    async def _ask(self, method: str, *arguments: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            self._jobs.put_nowait(_Job(Request(method, arguments), future))
        except asyncio.QueueFull:
            self._load.refused()
            raise NotAnalysed from None
        return await future

    async def _keep(self, number: int) -> None:
        """One worker after the other, for ever."""
        while True:
            try:
                async with _process(self._command) as process:
                    await self._employ(process)
            except WorkerFailedError as error:
                log.warning("analysis worker replaced", worker=number, reason=str(error))
            await asyncio.sleep(RESPAWN_AFTER_S)

    async def _employ(self, process: asyncio.subprocess.Process) -> None:
        await self._read(process, READY_WITHIN_S)
        self._ready += 1
        self._first_ready.set()
        try:
            while True:
                job = await self._next_job(process)
                if not job.answer.done():  # nobody waits for it any more otherwise
                    await self._serve(process, job)
        finally:
            self._ready -= 1

    async def _next_job(self, process: asyncio.subprocess.Process) -> _Job:
        """The next job, unless the idle process ends first: then the job stays in the queue."""
        job = asyncio.create_task(self._jobs.get())
        ended = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({job, ended}, return_when=asyncio.FIRST_COMPLETED)
            if job.done():
                return job.result()
            raise WorkerFailedError("it ended while it was idle")
        finally:
            job.cancel()
            ended.cancel()

    async def _serve(self, process: asyncio.subprocess.Process, job: _Job) -> None:
        self._load.waited(time.monotonic() - job.asked)
        try:
            answer = await self._exchange(process, job.request)
        except (WorkerFailedError, asyncio.CancelledError):
            self._fail(job)
            raise
        if job.answer.done():
            return
        if answer.fault is not None:
            log.error("analysis failed", method=job.request.method, reason=answer.fault)
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
            raise WorkerFailedError("it ended") from error
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
            raise WorkerFailedError("it ended while it worked") from None

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
