"""The vendor's real code in a real browser, with no service behind it.

What cannot be seen here is video: RealtimeKit's servers are on the internet. What can be seen is
that its code is loaded only where it is needed, and that an exam goes on without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import browsers
from tests.browser.conftest import Seats, sign_in
from tests.browser.people import Candidate, Proctor
from tests.browser.server import Server
from tests.browser.test_video import wait_until
from tests.support.realtimekit import CANDIDATE, KEY, ORG, PROCTOR, RealtimeKit, realtimekit

pytestmark = pytest.mark.browser


@pytest.fixture
def service() -> Iterator[RealtimeKit]:
    with realtimekit() as up:
        yield up


@pytest.fixture
def server(service: RealtimeKit, tmp_path: Path) -> Iterator[Server]:
    running = Server(
        tmp_path / "data",
        INVIGIL_MEETINGS="realtimekit",
        INVIGIL_REALTIMEKIT_BASE_URL=f"{service.origin}/v2",
        DYTE_ORG_ID=ORG,
        DYTE_API_KEY=KEY,
        INVIGIL_REALTIMEKIT_CANDIDATE_PRESET=CANDIDATE,
        INVIGIL_REALTIMEKIT_PROCTOR_PRESET=PROCTOR,
    )
    running.start()
    yield running
    running.require_running()
    running.stop()


def loaded(page: Page) -> list[str]:
    """The files of the vendor that a page has fetched from now on."""
    found: list[str] = []
    page.on("request", lambda each: found.append(each.url) if "realtimekit" in each.url else None)
    return found


def test_an_exam_goes_on_while_the_service_gives_no_video(
    service: RealtimeKit,
    server: Server,
    proctor_browser: Browser,
    seats: Seats,
    contexts: list[BrowserContext],
) -> None:
    state = sign_in(server, proctor_browser, server.data_dir / "state.json")
    contexts.append(browsers.new_context(proctor_browser, server.origin, storage_state=state))
    proctor = Proctor(contexts[-1], server.origin)
    console_files = loaded(proctor.page)
    join_url = proctor.create_session("Elsewhere")
    assert console_files == []

    browser, camera = seats.take(0, "obama")
    contexts.append(browsers.new_context(browser, server.origin))
    obama = Candidate(contexts[-1], camera)
    files = loaded(obama.page)
    said: list[str] = []
    obama.page.on(
        "console", lambda each: said.append(each.text) if "script-src" in each.text else None
    )
    obama.open(join_url)
    expect(obama.get("join-name")).to_be_visible()
    assert files == [], "nothing of the vendor is in the first load"
    obama.come_in(join_url, "Barack Obama")
    wait_until(obama.page, lambda: any("/assets/realtimekit" in each for each in files))

    proctor.open_console("Elsewhere")
    tile = proctor.tile("Barack Obama")
    expect(tile.get_by_test_id("tile-live-trouble")).to_contain_text("Still pictures go on")
    still = tile.get_by_test_id("tile-still")
    before = still.get_attribute("src")
    wait_until(proctor.page, lambda: still.get_attribute("src") != before)
    (meeting,) = service.meetings
    assert sorted(service.people(meeting).values()) == [CANDIDATE, PROCTOR]
    assert not [each for each in said if "script-src" in each]
