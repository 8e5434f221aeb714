"""When the camera does not come: what the candidate reads, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.browser import browsers
from tests.browser.browsers import allow_camera
from tests.browser.camera import CameraFile
from tests.browser.conftest import Exam
from tests.browser.people import Candidate
from tests.browser.server import Server

pytestmark = pytest.mark.browser


Launch = Callable[[str], Candidate]


@pytest.fixture
def launch(playwright: Playwright, server: Server, tmp_path: Path) -> Iterator[Launch]:
    """Makes candidates in a browser that has no film for a camera, but one more flag."""
    started: list[Browser] = []

    def make(flag: str) -> Candidate:
        browser = browsers.launch(playwright, None, flag)
        started.append(browser)
        context = browsers.new_context(browser, server.origin)
        return Candidate(context, CameraFile(tmp_path / "unused.y4m", "empty"))

    yield make
    for browser in started:
        browser.close()


def test_a_refused_camera_is_explained_and_can_be_allowed_later(exam: Exam, server: Server) -> None:
    obama = exam.new_candidate("obama", camera=False)
    arrive(obama, exam.join_url)
    problem = obama.get("camera-problem")
    expect(problem).to_have_attribute("data-problem", "denied")
    for words in ("Chrome and Edge", "Firefox", "Safari", "left of the address"):
        expect(problem).to_contain_text(words)

    allow_camera(obama.context, server.origin)
    obama.get("camera-retry").click()
    expect(obama.get("camera-preview")).to_be_visible()
    expect(obama.get("camera-continue")).to_be_enabled()


def test_a_computer_without_a_camera(exam: Exam, launch: Launch) -> None:
    flag = "--use-fake-device-for-media-stream=device-count=0"
    candidate = launch(flag)
    arrive(candidate, exam.join_url)
    expect(candidate.get("camera-problem")).to_have_attribute("data-problem", "no_camera")
    expect(candidate.get("camera-problem")).to_contain_text("plug one in")
    expect(candidate.get("ask-help")).to_be_visible()


def test_a_refused_microphone_keeps_nobody_out(exam: Exam, server: Server) -> None:
    obama = exam.new_candidate("obama", camera=False)
    obama.context.grant_permissions(["camera"], origin=server.origin)
    arrive(obama, exam.join_url)
    expect(obama.get("camera-preview")).to_be_visible()
    expect(obama.page.get_by_text("You can continue without it")).to_be_visible()
    obama.get("camera-continue").click()
    obama.take_photo()
    obama.enter()
    obama.expect_monitored()


def test_an_address_that_is_not_secure(exam: Exam, server: Server, launch: Launch) -> None:
    candidate = launch("--host-resolver-rules=MAP exam.test 127.0.0.1")
    port = urlsplit(server.origin).port
    arrive(candidate, exam.join_url.replace(server.origin, f"http://exam.test:{port}"))
    expect(candidate.get("camera-problem")).to_have_attribute("data-problem", "insecure")
    expect(candidate.get("camera-problem")).to_contain_text("https://")


def arrive(candidate: Candidate, join_url: str) -> None:
    """Up to the button that asks for the camera."""
    candidate.open(join_url)
    candidate.agree("Barack Obama")
    candidate.get("camera-start").click()
