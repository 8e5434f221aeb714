"""Chromium processes: one for the proctor, and one for each candidate, as the camera is a flag."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.browser.camera import CameraFile

# Of every browser here.
FLAGS = (
    "--use-fake-device-for-media-stream",
    # What the context does not grant is refused, as by somebody who presses "Block".
    "--deny-permission-prompts",
    # Live video on a machine that has no network but the loopback.
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--mute-audio",
)

# Everything that a test may want to look at and that the product does not show.
_PROBE = """
(() => {
  const probe = { connections: [], streams: [], asked: 0 };
  window.probe = probe;
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...all) { super(...all); probe.connections.push(this); }
  };
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const native = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wish) => {
    probe.asked += 1;
    const stream = await native(wish);
    probe.streams.push(stream);
    return stream;
  };
})();
"""

TIMEOUT_MS = 20_000


def chromium() -> str | None:
    """The browser to drive; none is ever downloaded."""
    if chosen := os.environ.get("INVIGIL_TEST_CHROMIUM"):
        return chosen
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def launch(playwright: Playwright, camera: CameraFile | None, *more: str) -> Browser:
    flags = [*FLAGS, *more]
    if camera is not None:
        flags.append(f"--use-file-for-fake-video-capture={camera.path}")
    path = chromium()
    assert path is not None
    return playwright.chromium.launch(executable_path=path, args=flags)


def new_context(
    browser: Browser,
    origin: str,
    *,
    camera: bool = True,
    storage_state: Path | None = None,
    viewport: tuple[int, int] = (1280, 800),
    dark: bool = False,
    bypass_csp: bool = False,
) -> BrowserContext:
    width, height = viewport
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        storage_state=storage_state,
        bypass_csp=bypass_csp,
        locale="en-GB",
    )
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(_PROBE)
    if camera:
        allow_camera(context, origin)
    return context


def allow_camera(context: BrowserContext, origin: str) -> None:
    context.grant_permissions(["camera", "microphone"], origin=origin)


def refuse_camera(context: BrowserContext) -> None:
    """Take the permission back, which also ends the tracks that run."""
    context.clear_permissions()


def asked_for_camera(page: Page) -> int:
    return int(page.evaluate("probe.asked"))


_DECODED = """
async () => {
  let frames = 0;
  for (const connection of probe.connections) {
    if (connection.connectionState !== "connected") continue;
    for (const report of (await connection.getStats()).values())
      if (report.type === "inbound-rtp" && report.kind === "video") frames += report.framesDecoded;
  }
  return frames;
}
"""


def frames_decoded(page: Page) -> int:
    """How many frames of live video this page has decoded on the connections that stand."""
    return int(page.evaluate(_DECODED))
