"""Live video through a real LiveKit server, which dies and comes back in the middle of an exam."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from livekit import api
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from invigil.rules.frames_do_not_match_video import MATCHES_FROM
from tests.browser import browsers
from tests.browser.browsers import frames_decoded
from tests.browser.conftest import Exam, NewCandidate, sign_in
from tests.browser.people import Candidate, Proctor, expect_loaded
from tests.browser.server import Server
from tests.browser.test_video import brightness, wait_for_frames, wait_until
from tests.support.livekit import KEY, SECRET, LiveKit

pytestmark = pytest.mark.browser

FALL_BACK_MS = 10_000
COME_BACK_MS = 30_000
LOOKED_TWICE_MS = 90_000

_RECEIVED_TRACKS = """
async () => {
  let tracks = 0;
  for (const connection of probe.connections)
    for (const report of (await connection.getStats()).values())
      if (report.type === "inbound-rtp") tracks += 1;
  return tracks;
}
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveKit]:
    up = LiveKit(tmp_path / "livekit")
    yield up
    up.kill()


@pytest.fixture
def media_server(tmp_path: Path, live: LiveKit, request: pytest.FixtureRequest) -> Iterator[Server]:
    """An Invigil that has the LiveKit server to choose, and is told by it what happens.

    Parameters: more settings, by variable.
    """
    running = Server(tmp_path / "data", **live.environment, **getattr(request, "param", {}))
    live.webhook = f"{running.origin}/api/v1/meetings/livekit/webhook"
    live.start()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sitting(
    media_server: Server,
    proctor_browser: Browser,
    tmp_path: Path,
    contexts: list[BrowserContext],
    new_candidate: NewCandidate,
) -> Exam:
    """A session that uses LiveKit, with an open console."""
    state = sign_in(media_server, proctor_browser, tmp_path / "state.json")
    context = browsers.new_context(proctor_browser, media_server.origin, storage_state=state)
    contexts.append(context)
    proctor = Proctor(context, media_server.origin)
    join_url = proctor.create_session("Chemistry", provider="livekit")
    proctor.open_console("Chemistry")

    def here(scene: str = "obama") -> object:
        return new_candidate(scene, origin=media_server.origin)

    return Exam(proctor, here, join_url)  # type: ignore[arg-type]


class Heard:
    """What a page was sent over sockets to the media server."""

    def __init__(self, page: Page, port: int) -> None:
        self.letters: list[bytes] = []
        page.on("websocket", lambda socket: self._follow(socket, port))

    def _follow(self, socket: object, port: int) -> None:
        if f":{port}/" in socket.url:  # type: ignore[attr-defined]
            socket.on("framereceived", self._keep)  # type: ignore[attr-defined]

    def _keep(self, letter: str | bytes) -> None:
        self.letters.append(letter.encode() if isinstance(letter, str) else letter)


def in_room(live: LiveKit, candidate_id: str) -> list[str]:
    """Identities in the room of a candidate, as the media server itself tells."""

    async def ask() -> list[str]:
        async with api.LiveKitAPI(live.url.replace("ws", "http"), KEY, SECRET) as server:
            rooms = (await server.room.list_rooms(api.ListRoomsRequest())).rooms
            name = next((each.name for each in rooms if each.name.endswith(candidate_id)), None)
            if name is None:
                return []
            found = await server.room.list_participants(api.ListParticipantsRequest(room=name))
            return [each.identity for each in found.participants]

    # Playwright's own loop runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask())).result()


def width(video: Locator) -> int:
    return int(video.evaluate("video => video.videoWidth"))


def candidate_id(proctor: Proctor, name: str) -> str:
    found = proctor.tile(name).get_attribute("data-candidate")
    assert found
    return found


def test_the_proctor_sees_each_candidate_and_no_candidate_learns_of_another(
    sitting: Exam, live: LiveKit
) -> None:
    obama = sitting.candidate()
    obamas_id = candidate_id(sitting.proctor, "Barack Obama")
    video = sitting.proctor.tile("Barack Obama").get_by_test_id("tile-video")
    expect(video).to_be_visible()
    wait_for_frames(sitting.proctor.page)
    wait_until(sitting.proctor.page, lambda: brightness(video) > 60)
    expect(sitting.proctor.get("isolation")).to_contain_text("room of their own")
    wait_until(sitting.proctor.page, lambda: width(video) == 320)
    sitting.proctor.focus("Barack Obama")
    full = sitting.proctor.get("focus-video")
    wait_until(sitting.proctor.page, lambda: width(full) == 640)
    expect(sitting.proctor.get("talk-toggle")).to_have_count(0)

    other = sitting.new_candidate("astronaut")
    heard = Heard(other.page, live.port)
    other.come_in(sitting.join_url, "Eileen Collins")
    expect(sitting.proctor.tile("Eileen Collins").get_by_test_id("tile-video")).to_be_visible()
    wait_for_frames(sitting.proctor.page, 30)

    said = b"".join(heard.letters)
    others_id = candidate_id(sitting.proctor, "Eileen Collins").encode()
    assert others_id in said, "the page does hear of itself, so that we would see more"
    for secret in (obamas_id.encode(), b"Barack", b"Eileen", b"v-"):
        assert secret not in said
    assert other.page.evaluate(_RECEIVED_TRACKS) == 0
    assert obama.page.evaluate(_RECEIVED_TRACKS) == 0
    assert frames_decoded(other.page) == 0


def looks(server: Server) -> list[float | None]:
    """How alike posted and live pictures were, as the server keeps it."""
    with closing(sqlite3.connect(f"file:{server.data_dir}/invigil.db?mode=ro", uri=True)) as file:
        return [row[0] for row in file.execute("SELECT similarity FROM tap_look ORDER BY at")]


@pytest.mark.parametrize("media_server", [{"INVIGIL_LIVEKIT_TAP_SECONDS": "10"}], indirect=True)
def test_the_server_finds_its_own_looks_like_what_the_page_posts(
    sitting: Exam, media_server: Server
) -> None:
    sitting.candidate()
    wait_until(
        sitting.proctor.page, lambda: len(looks(media_server)) >= 2, timeout_ms=LOOKED_TWICE_MS
    )
    seen = looks(media_server)
    assert all(each is not None and each >= MATCHES_FROM for each in seen), seen
    expect(sitting.proctor.cards("frames_do_not_match_video")).to_have_count(0)


def test_who_has_finished_is_gone_from_the_room(sitting: Exam, live: LiveKit) -> None:
    obama = sitting.candidate()
    expect(sitting.proctor.tile("Barack Obama").get_by_test_id("tile-video")).to_be_visible()
    obamas_id = candidate_id(sitting.proctor, "Barack Obama")
    assert obamas_id in in_room(live, obamas_id)
    obama.get("finish").click()
    obama.get("finish-confirm").click()
    wait_until(sitting.proctor.page, lambda: obamas_id not in in_room(live, obamas_id))
    expect(sitting.proctor.tile("Barack Obama").get_by_test_id("tile-video")).to_have_count(0)


def test_the_exam_goes_on_while_the_media_server_is_dead(sitting: Exam, live: LiveKit) -> None:
    obama = sitting.candidate()
    tile = sitting.proctor.tile("Barack Obama")
    expect(tile.get_by_test_id("tile-video")).to_be_visible()
    wait_for_frames(sitting.proctor.page)

    live.kill()
    still = tile.get_by_test_id("tile-still")
    expect(still).to_be_visible(timeout=FALL_BACK_MS)
    expect(tile.get_by_test_id("tile-live-trouble")).to_contain_text("Still pictures go on")
    expect(sitting.proctor.get("video-banner")).to_be_visible()
    expect_loaded(still)
    obama.expect_monitored()
    obama.camera.show("biden")
    card = sitting.proctor.cards("different_person")
    expect_loaded(card.get_by_test_id("incident-evidence"))
    obama.camera.show("obama")
    expect(card).to_have_attribute("data-state", "closed")

    live.start()
    expect(tile.get_by_test_id("tile-video")).to_be_visible(timeout=COME_BACK_MS)
    wait_for_frames(sitting.proctor.page)
    expect(sitting.proctor.get("video-banner")).to_have_count(0)
    expect(tile.get_by_test_id("tile-live-trouble")).to_have_count(0)


def test_reloads_and_a_second_tab_bring_the_picture_back(sitting: Exam) -> None:
    first = sitting.candidate()
    tile = sitting.proctor.tile("Barack Obama")
    expect(tile.get_by_test_id("tile-video")).to_be_visible()
    first.page.reload()
    first.expect_monitored()
    wait_for_frames(sitting.proctor.page)

    sitting.proctor.page.reload()
    sitting.proctor.expect_connected()
    expect(tile.get_by_test_id("tile-video")).to_be_visible()
    wait_for_frames(sitting.proctor.page)

    second = Candidate(first.context, first.camera)
    second.open(sitting.join_url)
    second.expect_monitored()
    expect(first.get("tab-taken-over")).to_be_visible()
    expect(tile.get_by_test_id("tile-video")).to_be_visible()
    wait_for_frames(sitting.proctor.page)
    first.get("continue-here").click()
    expect(second.get("tab-taken-over")).to_be_visible()
    first.expect_monitored()
    expect(tile.get_by_test_id("tile-video")).to_be_visible()
    wait_for_frames(sitting.proctor.page)
