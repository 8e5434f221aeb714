"""A trial over the local network: another name than localhost, https, camera and live socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, WebSocket, expect

from invigil.tls import this_host
from tests.browser import browsers
from tests.browser.camera import CameraFile
from tests.browser.conftest import sign_in
from tests.browser.people import Candidate, Proctor
from tests.browser.server import Server

pytestmark = pytest.mark.browser

# As somebody who has seen the warning, compared the fingerprint and gone on.
GONE_ON = "--ignore-certificate-errors"


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "data", "--tls-self-signed")
    running.start()
    yield running
    running.stop()


def test_camera_and_live_view_over_the_network(
    trial: Server, playwright: Playwright, tmp_path: Path
) -> None:
    if this_host().best == "localhost":
        pytest.skip("this machine has no address but its own")
    assert trial.origin.startswith(f"https://{this_host().best}:")
    watcher = browsers.launch(playwright, None, GONE_ON)
    state = sign_in(trial, watcher, tmp_path / "state.json")
    context = browsers.new_context(watcher, trial.origin, storage_state=state)
    proctor = Proctor(context, trial.origin)
    sockets: list[str] = []

    def note(socket: WebSocket) -> None:
        sockets.append(socket.url)

    proctor.page.on("websocket", note)
    join_url = proctor.create_session("Trial")
    assert join_url.startswith(f"{trial.origin}/join/")
    proctor.open_console("Trial")
    camera = CameraFile(tmp_path / "camera.y4m", "obama")
    seat = browsers.launch(playwright, camera, GONE_ON)
    candidate = Candidate(browsers.new_context(seat, trial.origin), camera)
    candidate.come_in(join_url, "Barack Obama")
    assert candidate.page.evaluate("isSecureContext") is True
    camera.show("two")
    expect(proctor.cards("multiple_faces")).to_be_visible()
    proctor.focus("Barack Obama")
    expect(proctor.get("focus-video")).to_be_visible()
    assert sockets
    assert all(url.startswith("wss://") for url in sockets)
    (cookie,) = [each for each in context.cookies() if each["name"].endswith("invigil")]
    assert cookie["name"] == "__Host-invigil"
    assert cookie["secure"] is True
    seat.close()
    watcher.close()
