"""All video through a real TURN server, so that no side learns the other's address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import browsers
from tests.browser.browsers import frames_decoded
from tests.browser.camera import Scene
from tests.browser.conftest import Exam, NewCandidate, Seats, shown, sign_in
from tests.browser.people import Candidate, Proctor
from tests.browser.server import Server
from tests.browser.test_video import brightness, wait_for_frames, wait_until
from tests.support.coturn import SECRET, Coturn, coturn

pytestmark = pytest.mark.browser

# Both ends of the pair in use, as each connection of the page reports them.
_PAIRS = """
async () => {
  const pairs = [];
  for (const connection of probe.connections) {
    const all = await connection.getStats();
    for (const report of all.values()) {
      if (report.type !== "transport" || !report.selectedCandidatePairId) continue;
      const pair = all.get(report.selectedCandidatePairId);
      pairs.push([pair.localCandidateId, pair.remoteCandidateId]
        .map((id) => all.get(id).candidateType));
    }
  }
  return pairs;
}
"""


OpenExam = Callable[[Coturn, str], AbstractContextManager[Exam]]


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Coturn]:
    with coturn(tmp_path / "coturn") as up:
        yield up


@pytest.fixture
def open_exam(
    tmp_path: Path, proctor_browser: Browser, seats: Seats, contexts: list[BrowserContext]
) -> OpenExam:
    """An exam at a server that sends all video through the relay."""

    @contextmanager
    def opening(relay: Coturn, secret: str) -> Iterator[Exam]:
        server = Server(
            tmp_path / "data",
            INVIGIL_TURN_URLS=relay.urls,
            INVIGIL_TURN_SECRET=secret,
            INVIGIL_RELAY_ONLY="true",
        )
        server.start()
        try:
            state = sign_in(server, proctor_browser, tmp_path / "state.json")
            context = browsers.new_context(proctor_browser, server.origin, storage_state=state)
            contexts.append(context)
            proctor = Proctor(context, server.origin)
            join_url = proctor.create_session("Relayed")
            proctor.open_console("Relayed")
            yield Exam(proctor, _candidates(server, seats, contexts), join_url)
            server.require_running()
        except BaseException:
            # They are closed before anybody else could look at them.
            for page in (page for context in contexts for page in context.pages):
                print(f"--- page {page.url}\n{shown(page)}")
            print("--- server\n" + "".join(server.log[-40:]))
            raise
        finally:
            for context in contexts:
                context.close()
            contexts.clear()
            server.stop()

    return opening


def _candidates(server: Server, seats: Seats, contexts: list[BrowserContext]) -> NewCandidate:
    def make(scene: Scene) -> Candidate:
        browser, camera = seats.take(0, scene)
        opened = browsers.new_context(browser, server.origin)
        contexts.append(opened)
        return Candidate(opened, camera)

    return make


def pairs(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate(_PAIRS)
    return found


def test_video_goes_from_relay_to_relay(relay: Coturn, open_exam: OpenExam) -> None:
    with open_exam(relay, SECRET) as exam:
        obama = exam.candidate()
        video = exam.proctor.tile("Barack Obama").get_by_test_id("tile-video")
        expect(video).to_be_visible()
        wait_for_frames(exam.proctor.page)
        wait_until(exam.proctor.page, lambda: brightness(video) > 60)
        wait_until(exam.proctor.page, lambda: pairs(exam.proctor.page) == [["relay", "relay"]])
        assert pairs(obama.page) == [["relay", "relay"]]
        assert exam.proctor.tile("Barack Obama").get_by_test_id("tile-live-trouble").count() == 0


def test_a_wrong_secret_gives_no_video_and_says_so(relay: Coturn, open_exam: OpenExam) -> None:
    with open_exam(relay, "not the secret") as exam:
        exam.candidate()
        tile = exam.proctor.tile("Barack Obama")
        expect(tile.get_by_test_id("tile-live-trouble")).to_contain_text("Still pictures go on")
        assert frames_decoded(exam.proctor.page) == 0
        assert pairs(exam.proctor.page) == []
        assert "401" in relay.log or "Unauthorized" in relay.log, relay.log[-2000:]
        # Stills do go on: the shown one is replaced by a newer one.
        still = tile.get_by_test_id("tile-still")
        before = still.get_attribute("src")
        wait_until(exam.proctor.page, lambda: still.get_attribute("src") != before)
