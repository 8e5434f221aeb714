"""Live video: from each candidate to the proctor, back on request, and never between candidates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsers import TIMEOUT_MS, frames_decoded
from tests.browser.conftest import Exam

pytestmark = pytest.mark.browser

_BRIGHTNESS = """
(video) => {
  const canvas = document.createElement("canvas");
  canvas.width = 32; canvas.height = 24;
  const brush = canvas.getContext("2d");
  brush.drawImage(video, 0, 0, 32, 24);
  const data = brush.getImageData(0, 0, 32, 24).data;
  return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? 0 : value), 0) / (32 * 24 * 3);
}
"""
_FINGERPRINTS = """
(side) => probe.connections
  .map((each) => each[side]?.sdp.match(/a=fingerprint:\\S+ (\\S+)/)?.[1])
"""


def test_the_proctor_sees_the_candidates_camera(exam: Exam) -> None:
    obama = exam.candidate()
    video = exam.proctor.tile("Barack Obama").get_by_test_id("tile-video")
    expect(video).to_be_visible()
    wait_for_frames(exam.proctor.page)
    wait_until(exam.proctor.page, lambda: brightness(video) > 60)

    obama.camera.show("dark")
    wait_until(exam.proctor.page, lambda: brightness(video) < 25)


def test_the_proctor_talks_and_stops(exam: Exam) -> None:
    obama = exam.candidate()
    exam.proctor.focus("Barack Obama")
    expect(exam.proctor.get("focus-video")).to_be_visible()
    expect(obama.get("proctor-video")).to_have_count(0)
    assert exam.proctor.page.evaluate("probe.asked") == 0, "watching needs no camera of the proctor"

    talk = exam.proctor.get("talk-toggle")
    talk.click()
    expect(talk).to_have_attribute("data-on", "true")
    expect(obama.get("proctor-video")).to_be_visible()
    wait_for_frames(obama.page)

    talk.click()
    expect(obama.get("proctor-video")).to_have_count(0)
    still_on = "probe.streams.flatMap((s) => s.getTracks()).filter((t) => t.readyState === 'live')"
    assert exam.proctor.page.evaluate(f"{still_on}.length") == 0
    wait_for_frames(exam.proctor.page)


def test_candidates_never_meet(exam: Exam) -> None:
    pages = [
        exam.candidate("Barack Obama", "obama").page,
        exam.candidate("Eileen Collins", "astronaut").page,
    ]
    for name in ("Barack Obama", "Eileen Collins"):
        expect(exam.proctor.tile(name).get_by_test_id("tile-video")).to_be_visible()
    wait_for_frames(exam.proctor.page)

    proctors = exam.proctor.page.evaluate(_FINGERPRINTS, "localDescription")
    assert len(proctors) == len(pages), "one connection for each candidate"
    for page in pages:
        far_ends = page.evaluate(_FINGERPRINTS, "remoteDescription")
        assert len(far_ends) == 1, "a candidate has a single connection"
        assert far_ends[0] in proctors, "and the proctor is at its other end"
        assert "Eileen" not in page.content() or "Barack" not in page.content()


def brightness(video: Locator) -> float:
    return float(video.evaluate(_BRIGHTNESS))


def wait_for_frames(page: Page, more: int = 10) -> None:
    """Video flows from now on, not only some time ago."""
    before = frames_decoded(page)
    wait_until(page, lambda: frames_decoded(page) >= before + more)


def wait_until(page: Page, holds: Callable[[], bool], timeout_ms: int = TIMEOUT_MS) -> None:
    step = 200
    for _ in range(timeout_ms // step):
        if holds():
            return
        page.wait_for_timeout(step)
    raise AssertionError("it did not happen in time")
