"""An organiser with a password invites a proctor, who watches one session until removed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, expect

from tests.browser import browsers
from tests.browser.accessibility import AXE, CANDIDATE_WIDTHS, Findings
from tests.browser.people import Proctor
from tests.browser.server import Server
from tests.support.process import INVIGIL, environment

pytestmark = pytest.mark.browser
PASSWORD = "four northern lights 7"


class Scene:
    """Two browsers, what axe finds on their pages, and what their policy refuses."""

    def __init__(self, olga: Proctor, petra: Proctor, pictures: Path) -> None:
        self.olga, self.petra = olga, petra
        self.findings = Findings()
        self.refused: list[str] = []
        self._pictures = pictures
        for each in (olga, petra):
            each.page.on("console", self._note)

    def _note(self, said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            self.refused.append(said.text)

    def look(self, who: Proctor, state: str) -> None:
        who.page.screenshot(path=self._pictures / f"{state}.png")
        if AXE.exists():
            self.findings.look(who.page, state, CANDIDATE_WIDTHS)


@pytest.fixture
def scene(
    own_server: Server, proctor_browser: Browser, contexts: list[BrowserContext], tmp_path: Path
) -> Scene:
    command = [INVIGIL, "organiser", "add", "Olga", "--data-dir", str(own_server.data_dir)]
    subprocess.run(command, input=PASSWORD, text=True, check=True, env=environment())
    people = []
    for _ in range(2):
        contexts.append(browsers.new_context(proctor_browser, own_server.origin))
        people.append(Proctor(contexts[-1], own_server.origin))
    return Scene(people[0], people[1], tmp_path)


def sign_in_by_password(scene: Scene, origin: str) -> None:
    olga = scene.olga
    olga.page.goto(origin)
    olga.get("password-name").fill("Olga")
    olga.get("password-secret").fill("not the password")
    olga.get("password-submit").click()
    expect(olga.page.get_by_role("alert")).to_contain_text("do not belong together")
    scene.look(olga, "password")
    olga.get("password-secret").fill(PASSWORD)
    olga.get("password-submit").click()
    expect(olga.get("session-title")).to_be_visible()
    olga.create_session("Algebra")
    olga.create_session("Biology")


def invite(scene: Scene) -> str:
    olga = scene.olga
    olga.open_console("Algebra")
    olga.get("proctors").click()
    expect(olga.page.get_by_text("Nobody is invited yet.")).to_be_visible()
    olga.get("proctor-name").fill("Petra Example")
    olga.get("proctor-invite").click()
    link = olga.get("proctor-link").inner_text()
    expect(olga.get("proctor-row")).to_have_attribute("data-state", "open")
    scene.look(olga, "proctors")
    return link


def watch(scene: Scene, link: str, origin: str) -> None:
    petra = scene.petra
    petra.page.goto(link)
    expect(petra.get("proctor-invite")).to_contain_text("Algebra")
    scene.look(petra, "invitation")
    petra.get("proctor-invite-accept").click()
    expect(petra.get("console")).to_be_visible()
    expect(petra.get("connection-state")).to_have_attribute("data-state", "online")
    expect(petra.get("proctors")).to_have_count(0)
    expect(petra.get("close-session")).to_have_count(0)
    petra.page.goto(origin)
    expect(petra.get("session-row")).to_have_count(1)
    expect(petra.get("session-create")).to_have_count(0)
    scene.look(petra, "sessions of a proctor")
    petra.get("open-console").click()
    expect(petra.get("console")).to_be_visible()


def test_an_invited_proctor_from_link_to_removal(scene: Scene, own_server: Server) -> None:
    olga, petra = scene.olga, scene.petra
    sign_in_by_password(scene, own_server.origin)
    link = invite(scene)
    watch(scene, link, own_server.origin)
    expect(olga.get("proctor-row")).to_have_attribute("data-state", "signed_in")
    olga.get("proctor-revoke").click()
    olga.get("proctor-revoke-confirm").click()
    expect(olga.get("proctor-row")).to_have_attribute("data-state", "revoked")
    expect(petra.page.get_by_text("were removed from this session")).to_be_visible()
    scene.look(petra, "taken back")
    petra.page.goto(link)
    expect(petra.page.get_by_role("alert")).to_contain_text("used already")
    assert not scene.findings.all, str(scene.findings)
    assert scene.refused == []
