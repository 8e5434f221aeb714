"""A recording in place of the camera: the fake camera plays ten seconds round and round.

Ten seconds are two intervals, so the same pictures come again at once. How long it takes where they
do not is a matter of the rule, and of tests/rules/test_repeats.py.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser import browsers
from tests.browser.camera import RATE, CameraFile
from tests.browser.people import Candidate, Proctor
from tests.browser.server import Server

pytestmark = pytest.mark.browser

CLIP_S, FOUND_WITHIN_MS = 10, 120_000
# Chromium needs the time of one picture to begin anew.
_FRAMES = CLIP_S * RATE - 1


def test_a_clip_that_goes_round_is_found_within_two_minutes(
    playwright: Playwright, server: Server, proctor: Proctor, tmp_path: Path
) -> None:
    join_url = proctor.create_session("A clip goes round", interval_s=5, repeats=True)
    proctor.open_console("A clip goes round")
    camera = CameraFile(tmp_path / "clip.y4m", "obama", frames=_FRAMES)
    browser = browsers.launch(playwright, camera)
    try:
        candidate = Candidate(browsers.new_context(browser, server.origin), camera)
        candidate.come_in(join_url, "Barack Obama")
        began = time.monotonic()
        card = proctor.cards("feed_looped")
        expect(card).to_have_count(1, timeout=FOUND_WITHIN_MS)
        print(f"found after {time.monotonic() - began:.0f} s")
        expect(card).to_contain_text("The same pictures come again")
        # What Chromium itself calls its fake camera says nothing about anybody.
        kinds = proctor.page.locator("[data-testid=incident-card]")
        high = kinds.locator("xpath=self::*[@data-severity='high']")
        expect(high).to_have_count(1)
    finally:
        browser.close()
