"""How many live pictures one console shows through a LiveKit server, on this machine.

    python scripts/live_video_capacity.py 8 16 24

For each number so many candidates without browsers publish 320x240 at 10 frames a second, each into
a room of its own, and a real console in headless Chromium watches all. Everything runs here:
encoders, media server, Invigil and the browser.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import psutil
import structlog
from livekit import rtc
from playwright.async_api import Page, async_playwright

from tests.browser.browsers import FLAGS, chromium
from tests.support.clock import Clock
from tests.support.house import read
from tests.support.livekit import livekit
from tests.support.rooms import guest, show
from tests.support.scripted import ScriptedEngine
from tests.support.server import exam_page, serving

MEASURED_S = 15
RATE = 10

_PROBE = """
(() => {
  window.connections = [];
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...all) { super(...all); window.connections.push(this); }
  };
})();
"""
_FRAMES = """
async () => {
  const found = [];
  for (const connection of window.connections) {
    if (connection.connectionState !== "connected") continue;
    for (const each of (await connection.getStats()).values())
      if (each.type === "inbound-rtp" && each.kind === "video")
        found.push([each.framesDecoded, each.freezeCount ?? 0, each.frameWidth ?? 0]);
  }
  return found;
}
"""


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


async def frames(page: Page) -> list[list[int]]:
    found: list[list[int]] = await page.evaluate(_FRAMES)
    return found


async def measure(page: Page, number: int) -> str:
    async with asyncio.timeout(120):
        while sum(each[0] > 0 for each in await frames(page)) < number:  # noqa: ASYNC110
            await asyncio.sleep(1)
    browser = [each for each in psutil.process_iter(["name"]) if "chrom" in each.info["name"]]
    used = {each: sum(each.cpu_times()[:2]) for each in browser}
    psutil.cpu_percent()
    before = await frames(page)
    await asyncio.sleep(MEASURED_S)
    after = await frames(page)
    load = psutil.cpu_percent()
    cpu = sum(sum(each.cpu_times()[:2]) - was for each, was in used.items() if each.is_running())
    rates = [(b[0] - a[0]) / MEASURED_S for a, b in zip(before, after, strict=True)]
    freezes = sum(b[1] - a[1] for a, b in zip(before, after, strict=True))
    return (
        f"{number} pictures: {np.mean(rates):.1f} fps on average, {min(rates):.1f} at least, "
        f"{freezes} freezes; browser {100 * cpu / MEASURED_S:.0f} % of a core; "
        f"machine {load:.0f} % busy of {os.cpu_count()} cores"
    )


async def try_with(number: int) -> str:
    with tempfile.TemporaryDirectory() as name, livekit(Path(name) / "livekit") as live:
        async with AsyncExitStack() as stack:
            data = Path(name) / "data"
            engine = ScriptedEngine()
            up = await stack.enter_async_context(serving(data, Clock(), engine, **live.settings))
            proctor = await up.proctor()
            session = await proctor.open_session(provider="livekit")
            playing = await stack.enter_async_context(async_playwright())
            browser = await playing.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            stack.push_async_callback(browser.close)
            page = await browser.new_page(viewport={"width": 1600, "height": 1000})
            await page.add_init_script(_PROBE)
            link = await up.rooms.access.new_sign_in_link()
            await page.goto(f"{up.base_url}/?token={link}")
            await page.get_by_test_id("session-title").wait_for()
            await page.goto(f"{up.base_url}/sessions/{session['id']}")
            tasks = []
            for seed in range(number):
                candidate = await up.enter(session, f"Candidate {seed}", b"me")
                await stack.enter_async_context(await exam_page(up, candidate))
                token = read(await candidate.post("media"))["token"]
                inside = await stack.enter_async_context(guest(live, token))
                tasks.append(asyncio.create_task(publish(await inside.send_pictures(), seed)))
            try:
                return await measure(page, number)
            finally:
                for task in tasks:
                    task.cancel()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for wanted in map(int, sys.argv[1:] or ["8"]):
        print(asyncio.run(try_with(wanted)), flush=True)
