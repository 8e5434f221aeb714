"""How many live pictures one console shows, on this machine.

    python scripts/live_video_capacity.py --provider builtin 8 16 20 24
    python scripts/live_video_capacity.py --provider livekit 8 16 24

For each number so many candidates send 320x240 at 10 frames a second, and a real console in
headless Chromium watches all on small tiles. With `builtin` candidates are real pages, in a browser
of their own, with a film for a camera; `--sound` gives them a microphone as well. With `livekit`
they publish without browsers, each into a room of its own. Everything runs here: encoders, media
server, Invigil and the console's browser.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import psutil
import structlog
from live_video_senders import MARK as CANDIDATES
from live_video_senders import Agreeable, CheckInClock, by_livekit, by_pages, checked_in
from playwright.async_api import Page, Playwright, async_playwright

from tests.browser.browsers import FLAGS, chromium
from tests.support.house import Json, Running
from tests.support.livekit import LiveKit, livekit
from tests.support.server import serving

CONSOLE = "--invigil-console"
SETTLE_S = 10
MEASURED_S = 15
PATIENCE_S = 120

_PROBE = """
(() => {
  // So that all pictures are in view.
  localStorage.setItem("invigil:tiles", "small");
  window.connections = [];
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...all) { super(...all); window.connections.push(this); }
  };
})();
"""
_PICTURES = """
async () => {
  const found = {};
  for (const [i, connection] of window.connections.entries()) {
    if (connection.connectionState !== "connected") continue;
    for (const each of (await connection.getStats()).values())
      if (each.type === "inbound-rtp" && each.kind === "video" && each.framesDecoded)
        found[`${i} ${each.id}`] = {
          frames: each.framesDecoded, freezes: each.freezeCount ?? 0, bytes: each.bytesReceived,
          size: `${each.frameWidth}x${each.frameHeight}`,
        };
  }
  return found;
}
"""


class Meter:
    """CPU time of these processes from now on, in percent of one core."""

    def __init__(self, processes: Iterable[psutil.Process]) -> None:
        self._before = {each: busy(each) for each in processes}

    def percent(self) -> float:
        spent = sum(max(busy(each) - before, 0) for each, before in self._before.items())
        return 100 * spent / MEASURED_S


def busy(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        user, system, *_ = process.cpu_times()
        return float(user + system)
    return 0.0


def family(mark: str) -> set[psutil.Process]:
    """All processes of the browser that was started with this mark."""
    found: set[psutil.Process] = set()
    for each in psutil.process_iter(["cmdline"]):
        if mark in (each.info["cmdline"] or []):
            found |= {each, *each.children(recursive=True)}
    return found


async def pictures(page: Page) -> dict[str, dict[str, Any]]:
    """What the console decodes of each candidate."""
    found: dict[str, dict[str, Any]] = await page.evaluate(_PICTURES)
    return found


async def measure(page: Page, number: int) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while len(await pictures(page)) < number:  # noqa: ASYNC110
            await asyncio.sleep(1)
    await asyncio.sleep(SETTLE_S)
    me = psutil.Process()
    console, candidates = Meter(family(CONSOLE)), Meter(family(CANDIDATES))
    ours = Meter([me, *me.children(recursive=True)])
    psutil.cpu_percent()
    before = await pictures(page)
    await asyncio.sleep(MEASURED_S)
    after = await pictures(page)
    load, cores = psutil.cpu_percent(), os.cpu_count() or 1
    others = max(cores * load - ours.percent(), 0)
    return (
        f"{number} candidates: {seen(before, after)}; console's browser {console.percent():.0f} % "
        f"of a core, candidates' browser {candidates.percent():.0f} %; machine {load:.0f} % busy "
        f"of {cores} cores, {others:.0f} % of a core by other programs"
    )


def seen(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> str:
    """A picture that is gone afterwards has given nothing."""
    pairs = [(was, after.get(key, was)) for key, was in before.items()]
    rates = [(now["frames"] - was["frames"]) / MEASURED_S for was, now in pairs]
    kbits = [(now["bytes"] - was["bytes"]) / MEASURED_S / 125 for was, now in pairs]
    freezes = sum(now["freezes"] - was["freezes"] for was, now in pairs)
    sizes = sorted({was["size"] for was, _ in pairs})
    return (
        f"{len(pairs)} pictures of {', '.join(sizes)}, {np.mean(kbits):.0f} kbit/s each; "
        f"{np.mean(rates):.1f} fps on average, {min(rates):.1f} at least, {freezes} freezes"
    )


async def watching(playing: Playwright, stack: AsyncExitStack, up: Running, session: Json) -> Page:
    """The console of the session, in a browser of its own."""
    browser = await playing.chromium.launch(executable_path=chromium(), args=[*FLAGS, CONSOLE])
    stack.push_async_callback(browser.close)
    page = await browser.new_page(viewport={"width": 1600, "height": 1000})
    await page.add_init_script(_PROBE)
    link = await up.rooms.access.new_sign_in_link()
    await page.goto(f"{up.base_url}/?token={link}")
    await page.get_by_test_id("session-title").wait_for()
    await page.goto(f"{up.base_url}/sessions/{session['id']}")
    return page


async def try_with(provider: str, number: int, *, sound: bool) -> str:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        live: LiveKit | None = None
        if provider == "livekit":
            live = stack.enter_context(livekit(folder / "livekit"))
        clock = CheckInClock()
        chosen = live.settings if live else {}
        up = await stack.enter_async_context(serving(folder / "data", clock, Agreeable(), **chosen))
        session = await (await up.proctor()).open_session(provider=provider)
        candidates = await checked_in(up, session, number, clock)
        playing = await stack.enter_async_context(async_playwright())
        page = await watching(playing, stack, up, session)
        senders = (
            by_livekit(live, up, candidates)
            if live
            else by_pages(playing, up, session, candidates, folder / "camera.y4m", sound=sound)
        )
        await stack.enter_async_context(senders)
        return await measure(page, number)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    wish = argparse.ArgumentParser()
    wish.add_argument("--provider", choices=("builtin", "livekit"), default="livekit")
    wish.add_argument("--sound", action="store_true")
    wish.add_argument("numbers", type=int, nargs="*", default=[8])
    asked = wish.parse_args()
    for wanted in asked.numbers:
        print(asyncio.run(try_with(asked.provider, wanted, sound=asked.sound)), flush=True)
