"""Candidates who send live video, for `live_video_capacity.py`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from livekit import rtc
from playwright.async_api import Browser, BrowserContext, Playwright

from invigil.domain.observation import Observation, Template, TemplateKind
from tests.browser.browsers import FLAGS, chromium
from tests.browser.camera import CameraFile
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Running, read
from tests.support.livekit import LiveKit
from tests.support.rooms import guest, show
from tests.support.scripted import ScriptedEngine
from tests.support.server import exam_page

# The candidates' browser is found by it among the processes of the machine.
MARK = "--invigil-candidates"
RATE = 10
PATIENCE_MS = 60_000


class Agreeable(ScriptedEngine):
    """Sees the candidate alone on every picture: the analysis is not what is measured."""

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:  # noqa: ARG002
        return super().observe(b"me", templates)

    def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        return super().make_template(kind, [b"me" for _ in images])

    def jpeg(self, image: bytes, *, max_side: int = 1280) -> bytes:  # noqa: ARG002
        return image


class CheckInClock(Clock):
    """Moved by hand while candidates check in, and the time of day afterwards."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC) - timedelta(minutes=5))
        self._runs = False

    def __call__(self) -> datetime:
        return datetime.now(UTC) if self._runs else self.now

    def run(self) -> None:
        self._runs = True


async def checked_in(
    up: Running, session: Json, number: int, clock: CheckInClock
) -> list[Candidate]:
    """So many candidates who may enter the room; they came over the API."""
    candidates = [await up.join(session, f"Candidate {seed}") for seed in range(number)]
    for candidate in candidates:
        await candidate.check_in(b"me")
    clock.run()
    return candidates


@asynccontextmanager
async def by_livekit(
    live: LiveKit, up: Running, candidates: Sequence[Candidate]
) -> AsyncIterator[None]:
    """Without browsers, each in a room of its own."""
    async with AsyncExitStack() as stack:
        tasks = []
        for seed, candidate in enumerate(candidates):
            read(await candidate.post("enter"))
            await stack.enter_async_context(await exam_page(up, candidate))
            token = read(await candidate.post("media"))["token"]
            inside = await stack.enter_async_context(guest(live, token))
            tasks.append(asyncio.create_task(publish(await inside.send_pictures(), seed)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def publish(source: rtc.VideoSource, seed: int) -> None:
    """A moving picture with a little noise, as a webcam's."""
    dice = np.random.default_rng(seed)
    noise = dice.integers(0, 12, (240, 320, 3), np.uint8)
    y, x = np.mgrid[0:240, 0:320]
    step, due = 0, time.monotonic()
    while True:
        ramp = ((x + y + 3 * step) % 256).astype(np.uint8)
        show(source, np.repeat(ramp[..., None], 3, axis=2) // 2 + np.roll(noise, step, axis=1))
        step += 1
        due += 1 / RATE
        await asyncio.sleep(max(due - time.monotonic(), 0))


@asynccontextmanager
async def by_pages(
    playing: Playwright,
    up: Running,
    session: Json,
    candidates: Sequence[Candidate],
    film: Path,
    *,
    sound: bool,
) -> AsyncIterator[None]:
    """Each with the real page, all in one browser of their own, before a portrait that sways."""
    camera = CameraFile(film, "obama")
    browser = await playing.chromium.launch(
        executable_path=chromium(),
        args=[*FLAGS, f"--use-file-for-fake-video-capture={camera.path}", MARK],
    )
    try:
        for candidate in candidates:
            read(await candidate.post("enter"))
            context = await entered(browser, up, session, candidate)
            await context.grant_permissions(["camera", "microphone"] if sound else ["camera"])
            page = await context.new_page()
            await page.goto(session["join_url"])
            await page.locator("[data-testid=room-status][data-tone=ok]").wait_for()
        yield
    finally:
        await browser.close()


async def entered(
    browser: Browser, up: Running, session: Json, candidate: Candidate
) -> BrowserContext:
    """What is left when somebody in the room closes the page: the token that lets them go on."""
    code = session["join_url"].rpartition("/")[2]
    kept = {
        f"invigil:join:{code}": session["id"],
        f"invigil:candidate:{session['id']}": candidate.token,
    }
    context = await browser.new_context(
        storage_state={
            "origins": [
                {
                    "origin": up.base_url,
                    "localStorage": [{"name": key, "value": kept[key]} for key in kept],
                }
            ]
        },
        # The own picture is out of view: drawing it for everybody would take more than encoding.
        viewport={"width": 320, "height": 200},
    )
    context.set_default_timeout(PATIENCE_MS)
    return context
