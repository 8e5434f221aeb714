"""A self-hosted product asks nobody but its own server."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebSocket, expect

from tests.browser.conftest import Exam
from tests.browser.people import Candidate
from tests.browser.server import Server

pytestmark = pytest.mark.browser


class Watch:
    """Every address that a page asks, and everything that it complains about."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        self.sockets: set[str] = set()
        self.complaints: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        for page in context.pages:
            self._follow_page(page)
        context.on("page", self._follow_page)

    def _follow_page(self, page: Page) -> None:
        page.on("websocket", self._connected)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"blob", "data"}:
            self.hosts.add(parts.netloc)

    def _connected(self, socket: WebSocket) -> None:
        self.sockets.add(urlsplit(socket.url).netloc)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


def test_no_page_asks_anybody_else(exam: Exam, server: Server) -> None:
    watch = Watch()
    watch.follow(exam.proctor.context)
    exam.proctor.page.reload()
    obama: Candidate = exam.new_candidate("obama")
    watch.follow(obama.context)
    obama.come_in(exam.join_url, "Barack Obama")
    obama.camera.show("biden")
    expect(exam.proctor.cards("different_person")).to_be_visible()
    exam.proctor.focus("Barack Obama")
    expect(exam.proctor.get("focus-video")).to_be_visible()

    own = urlsplit(server.origin).netloc
    assert watch.hosts == {own}
    assert watch.sockets == {own}
    assert watch.complaints == []
    servers = "probe.connections.map((each) => each.getConfiguration().iceServers).flat()"
    assert obama.page.evaluate(servers) == [], "no STUN server unless somebody sets one"
