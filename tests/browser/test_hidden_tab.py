"""A candidate who works in another tab is still looked at.

Playwright keeps every page it drives visible, so this browser is started by hand, driven into the
room, and then left alone: with nobody attached, a tab behind another one is really hidden.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser import browsers
from tests.browser.camera import CameraFile
from tests.browser.conftest import Exam
from tests.browser.people import Candidate
from tests.browser.test_video import wait_for_frames

pytestmark = pytest.mark.browser


@pytest.fixture
def film(tmp_path: Path) -> CameraFile:
    return CameraFile(tmp_path / "camera.y4m", "obama")


@pytest.fixture
def devtools(tmp_path: Path, film: CameraFile) -> Iterator[str]:
    """A browser with the timers of every day; the address at which it can be driven."""
    chromium = browsers.chromium()
    assert chromium is not None
    profile = tmp_path / "profile"
    process = subprocess.Popen(
        [
            chromium,
            "--headless=new",
            "--no-sandbox",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film.path}",
            *browsers.FLAGS,
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"127.0.0.1:{_port(profile / 'DevToolsActivePort')}"
    finally:
        process.kill()
        process.wait(20)


def _port(file: Path) -> int:
    for _ in range(100):
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.2)
    raise AssertionError("the browser opened no port")


def test_a_candidate_behind_another_tab(
    exam: Exam, playwright: Playwright, devtools: str, film: CameraFile
) -> None:
    browser = playwright.chromium.connect_over_cdp(f"http://{devtools}")
    Candidate(browser.contexts[0], film).come_in(exam.join_url, "Barack Obama")
    browser.close()  # lets go of it; the browser goes on
    open_another_tab(devtools)

    tile = exam.proctor.tile("Barack Obama")
    expect(tile).to_contain_text("works in another tab")
    expect(tile).to_have_attribute("data-status", "online")
    wait_for_frames(exam.proctor.page)

    film.show("biden")
    expect(exam.proctor.cards("different_person")).to_be_visible()
    film.show("obama")
    expect(exam.proctor.cards("different_person", "closed")).to_be_visible()
    expect(tile).to_contain_text("works in another tab")
    expect(exam.proctor.cards("camera_lost")).to_have_count(0)


def open_another_tab(devtools: str) -> None:
    """In front of the candidate's."""
    connection = HTTPConnection(devtools)
    connection.request("PUT", "/json/new?about:blank")
    assert connection.getresponse().status == 200
    connection.close()
