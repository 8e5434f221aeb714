"""Worker processes: what they answer, and what happens when they die or hang."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from invigil.domain.errors import ImageBroken
from invigil.domain.observation import TemplateKind
from invigil.monitoring.load import QUEUE_PER_WORKER, NotAnalysed
from invigil.monitoring.workers import WorkerAnalysis, WorkerFailedError
from tests.support import scripted_worker

COMMAND = (sys.executable, str(Path(scripted_worker.__file__)))


@asynccontextmanager
async def employed(count: int = 1, hung_after_s: float = 6.0) -> AsyncIterator[WorkerAnalysis]:
    workers = WorkerAnalysis(COMMAND, count, hung_after_s=hung_after_s)
    await workers.start()
    try:
        yield workers
    finally:
        await workers.close()


def children() -> set[int]:
    """Process ids of this process's worker processes."""
    return {
        child.pid
        for child in psutil.Process().children()
        if any("scripted_worker" in word for word in child.cmdline())
    }


async def observed_again(workers: WorkerAnalysis) -> int:
    """Ask until a worker is there again; the number of faces it saw."""
    async with asyncio.timeout(30):
        while True:
            try:
                return (await workers.look(b"two")).observation.face_count
            except NotAnalysed:
                await asyncio.sleep(0.05)


async def test_an_answer_is_the_engines_own() -> None:
    async with employed() as workers:
        observed = (await workers.look(b"two")).observation
        assert observed.face_count == 2
        assert observed.models == ("scripted@1",)


async def test_a_refused_picture_is_refused_with_the_same_error() -> None:
    async with employed() as workers:
        with pytest.raises(ImageBroken) as refused:
            await workers.look(b"no such scene")
        assert refused.value.status == 422
        assert (await workers.look(b"me")).observation.face_count == 1


async def test_a_defect_of_the_engine_means_not_analysed_and_keeps_the_worker() -> None:
    async with employed() as workers:
        before = children()
        with pytest.raises(NotAnalysed):
            await workers.look(b"fault")
        assert (await workers.look(b"me")).observation.face_count == 1
        assert children() == before


async def test_a_picture_that_kills_its_worker_costs_only_itself() -> None:
    async with employed() as workers:
        before = children()
        with pytest.raises(NotAnalysed):
            await workers.look(b"die")
        assert await observed_again(workers) == 2
        assert children().isdisjoint(before)


async def test_a_hung_worker_is_replaced() -> None:
    async with employed(hung_after_s=0.5) as workers:
        before = children()
        with pytest.raises(NotAnalysed):
            await workers.look(b"hang")
        assert await observed_again(workers) == 2
        assert children().isdisjoint(before)


async def test_pictures_that_wait_go_together_and_each_has_its_own_answer() -> None:
    async with employed() as workers:
        images = [b"me", b"two", b"nothing", b"three", b"empty"] * 4
        found = await asyncio.gather(
            *(workers.look(image + b" %d" % n) for n, image in enumerate(images)),
            return_exceptions=True,
        )
        counts = {b"me": 1, b"two": 2, b"three": 3, b"empty": 0}
        for image, each in zip(images, found, strict=True):
            if image in counts:
                assert not isinstance(each, BaseException)
                assert each.observation.face_count == counts[image]
                assert each.jpeg.startswith(image)
            else:
                assert isinstance(each, ImageBroken)


@pytest.mark.parametrize("bad", [b"die", b"fault"])
async def test_a_bad_picture_among_others_costs_only_itself(bad: bytes) -> None:
    async with employed() as workers:
        images = [b"me"] * 3 + [bad] + [b"two"] * 3
        found = await asyncio.gather(
            *(workers.look(image) for image in images), return_exceptions=True
        )
        assert isinstance(found.pop(3), NotAnalysed)
        faces = [
            each.observation.face_count for each in found if not isinstance(each, BaseException)
        ]
        assert faces == [1, 1, 1, 2, 2, 2]


async def test_a_template_is_made_between_pictures() -> None:
    async with employed() as workers:
        looks = [asyncio.create_task(workers.look(b"me")) for _ in range(5)]
        template = asyncio.create_task(workers.make_template(TemplateKind.SESSION, [b"me"]))
        looks += [asyncio.create_task(workers.look(b"two")) for _ in range(5)]
        assert (await template).kind is TemplateKind.SESSION
        assert [each.observation.face_count for each in await asyncio.gather(*looks)] == [
            *[1] * 5,
            *[2] * 5,
        ]


async def test_a_worker_killed_while_idle_is_replaced_and_loses_no_picture() -> None:
    async with employed() as workers:
        for process in children():
            os.kill(process, signal.SIGKILL)
        async with asyncio.timeout(30):
            while workers.healthy:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        # Asked while there is no worker: the picture waits for the next one.
        assert (await workers.look(b"two")).observation.face_count == 2
        assert workers.healthy


async def test_one_hung_worker_does_not_hold_up_the_other() -> None:
    async with employed(count=2, hung_after_s=20) as workers:
        stuck = asyncio.create_task(workers.look(b"hang"))
        await asyncio.sleep(0)
        for _ in range(20):
            assert (await workers.look(b"me")).observation.face_count == 1
        assert not stuck.done()
        stuck.cancel()


async def test_a_full_queue_refuses_and_stretches_the_interval() -> None:
    async with employed(hung_after_s=20) as workers:
        waiting = [asyncio.create_task(workers.look(b"hang")) for _ in range(2 * QUEUE_PER_WORKER)]
        await asyncio.sleep(0.05)
        refused = [task for task in waiting if task.done()]
        assert refused
        assert all(isinstance(task.exception(), NotAnalysed) for task in refused)
        assert workers.interval_factor > 1.0
        for task in waiting:
            task.cancel()


async def test_a_command_that_cannot_start_is_an_error_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("invigil.monitoring.workers.READY_WITHIN_S", 0.5)
    workers = WorkerAnalysis((sys.executable, "-c", "raise SystemExit(1)"), 1)
    with pytest.raises(WorkerFailedError, match="No analysis worker could be started"):
        await workers.start()


async def test_no_worker_outlives_its_owner() -> None:
    async with employed(count=2):
        assert len(children()) == 2
    assert children() == set()


async def test_a_picture_that_hangs_among_others_costs_only_itself() -> None:
    async with employed(hung_after_s=0.5) as workers:
        images = [b"me", b"hang", *[b"me"] * 3, *[b"two"] * 3]
        found = await asyncio.gather(
            *(workers.look(image) for image in images), return_exceptions=True
        )
        assert isinstance(found.pop(1), NotAnalysed)
        faces = [
            each.observation.face_count for each in found if not isinstance(each, BaseException)
        ]
        assert faces == [1, 1, 1, 1, 2, 2, 2]


async def test_a_photo_keeps_no_frames_waiting_for_an_answer_of_their_own() -> None:
    async with employed(hung_after_s=0.5) as workers:
        looks = [asyncio.create_task(workers.look(b"me")) for _ in range(3)]
        photo = asyncio.create_task(workers.look(b"hang", photo=True))
        looks += [asyncio.create_task(workers.look(b"two")) for _ in range(3)]
        with pytest.raises(NotAnalysed):
            await photo
        found = await asyncio.gather(*looks)
        assert [each.observation.face_count for each in found] == [1, 1, 1, 2, 2, 2]


async def test_a_worker_that_does_not_read_is_replaced_however_large_the_picture() -> None:
    async with employed(hung_after_s=0.5) as workers:
        before = children()
        for process in before:
            os.kill(process, signal.SIGSTOP)
        with pytest.raises(NotAnalysed):
            await workers.look(b"me " + bytes(400_000))
        assert await observed_again(workers) == 2
        assert children().isdisjoint(before)


def starter(folder: Path) -> Path:
    """A program that starts a worker while the file `ready` is beside it, and else ends at once."""
    program = folder / "worker"
    command = shlex.join(COMMAND)
    program.write_text(f'#!/bin/sh\n[ -e "{folder}/ready" ] && exec {command}\nexit 1\n')
    program.chmod(0o755)
    (folder / "ready").touch()
    return program


async def test_without_a_worker_a_picture_is_answered_and_looked_at_later(tmp_path: Path) -> None:
    workers = WorkerAnalysis((str(starter(tmp_path)),), 1, answer_within_s=0.5)
    ready = tmp_path / "ready"
    await workers.start()
    try:
        ready.unlink()
        with pytest.raises(NotAnalysed):
            await workers.look(b"die")
        with pytest.raises(NotAnalysed):
            await workers.look(b"me")
        assert workers.workers.waiting == 0
        ready.touch()
        assert await observed_again(workers) == 2
    finally:
        await workers.close()


async def test_a_worker_that_cannot_be_started_for_a_while_is_tried_again(tmp_path: Path) -> None:
    """No process can be made at all, as when the machine has no memory left for one."""
    program, away = starter(tmp_path), tmp_path / "away"
    workers = WorkerAnalysis((str(program),), 1, answer_within_s=0.5)
    await workers.start()
    try:
        program.rename(away)
        with pytest.raises(NotAnalysed):
            await workers.look(b"die")
        while workers.workers.replaced < 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        away.rename(program)
        assert await observed_again(workers) == 2
    finally:
        await workers.close()
