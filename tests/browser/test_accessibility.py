"""Every page and main state passes axe, light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import browsers
from tests.browser.accessibility import AXE, CANDIDATE_WIDTHS, PROCTOR_WIDTHS, Findings
from tests.browser.browsers import allow_camera
from tests.browser.camera import photo
from tests.browser.conftest import Exam, sign_in
from tests.browser.people import Proctor
from tests.browser.server import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: run `npm ci` in web/"),
]


def test_sign_in_and_sessions(
    own_server: Server, proctor_browser: Browser, contexts: list[BrowserContext], tmp_path: Path
) -> None:
    findings = Findings()
    context = browsers.new_context(proctor_browser, own_server.origin)
    contexts.append(context)
    page = context.new_page()
    page.goto(own_server.origin)
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    findings.look(page, "sign-in", PROCTOR_WIDTHS)

    used = own_server.link
    state = sign_in(own_server, proctor_browser, tmp_path / "state.json")
    page.goto(used)
    expect(page.get_by_test_id("sign-in")).to_have_attribute("data-status", "link_used")
    findings.look(page, "sign-in link used", PROCTOR_WIDTHS)
    page.goto(used[:-3])
    expect(page.get_by_test_id("sign-in")).to_have_attribute("data-status", "link_unknown")
    findings.look(page, "sign-in link cut off", PROCTOR_WIDTHS)

    inside = browsers.new_context(proctor_browser, own_server.origin, storage_state=state)
    contexts.append(inside)
    proctor = Proctor(inside, own_server.origin)
    proctor.page.goto(own_server.origin)
    expect(proctor.page.get_by_text("No exam sessions yet")).to_be_visible()
    findings.look(proctor.page, "no sessions", PROCTOR_WIDTHS)
    proctor.page.get_by_role("button", name="More settings").click()
    proctor.get("session-interval").fill("1e3")
    expect(proctor.page.get_by_text("Between 1 and 60 seconds")).to_be_visible()
    findings.look(proctor.page, "a wrong number", PROCTOR_WIDTHS)
    proctor.create_session("A session with a rather long title, for the autumn of this year")
    findings.look(proctor.page, "sessions", PROCTOR_WIDTHS)
    assert not findings.all, str(findings)


def test_the_candidates_way_to_the_room(exam: Exam, server: Server) -> None:
    findings = Findings()
    candidate = exam.new_candidate("dark", camera=False)

    def look(state: str) -> None:
        findings.look(candidate.page, state, CANDIDATE_WIDTHS)

    candidate.open(exam.join_url)
    expect(candidate.get("consent-text")).to_be_visible()
    look("consent")
    candidate.agree("Barack Obama")
    candidate.get("camera-start").click()
    expect(candidate.get("camera-problem")).to_be_visible()
    look("camera refused")
    allow_camera(candidate.context, server.origin)
    candidate.get("camera-retry").click()
    expect(candidate.get("camera-preview")).to_be_visible()
    look("camera")
    candidate.get("camera-continue").click()
    candidate.take_photo()
    expect(candidate.get("photo-error")).to_be_visible()
    look("photo refused")
    candidate.get("ask-help").click()
    expect(candidate.page.get_by_role("dialog")).to_be_visible()
    look("help")
    candidate.page.keyboard.press("Escape")
    candidate.get("ask-proctor").click()
    expect(candidate.get("waiting")).to_be_visible()
    look("waiting")
    exam.proctor.get("approve").click()
    expect(candidate.get("enter-room")).to_be_visible()
    look("ready")
    assert not findings.all, str(findings)


def test_the_room(exam: Exam) -> None:
    findings = Findings()
    candidate = exam.candidate()
    candidate.camera.show("two")
    candidate.expect_warning("multiple_faces")
    exam.proctor.get("message-all").click()
    dialog = exam.proctor.page.get_by_role("dialog")
    dialog.get_by_test_id("message-text").fill("Ten minutes left.")
    dialog.get_by_test_id("send-warning").click()
    expect(candidate.get("room")).to_contain_text("Ten minutes left.")
    candidate.get("finish").click()
    findings.look(candidate.page, "room", CANDIDATE_WIDTHS)
    candidate.get("finish-confirm").click()
    expect(candidate.get("finished")).to_be_visible()
    findings.look(candidate.page, "finished", CANDIDATE_WIDTHS)
    assert not findings.all, str(findings)


def test_the_console(exam: Exam) -> None:
    findings = Findings()
    proctor = exam.proctor
    findings.look(proctor.page, "empty console", PROCTOR_WIDTHS)
    waiting = exam.new_candidate("biden")
    waiting.open(exam.join_url)
    waiting.agree("Joe Biden")
    waiting.turn_camera_on()
    waiting.upload(photo("obama"))
    expect(proctor.get("waiting-candidate")).to_be_visible()
    obama = exam.candidate("Barack Obama", "obama")
    obama.camera.show("two")
    card = proctor.cards("multiple_faces")
    expect(card).to_be_visible()
    expect(proctor.tile("Barack Obama").get_by_test_id("tile-video")).to_be_visible()
    findings.look(proctor.page, "console with a queue and a card", PROCTOR_WIDTHS)

    proctor.focus("Barack Obama")
    card.get_by_test_id("decision-confirm").click()
    card.get_by_test_id("decision-save").click()
    expect(card).to_contain_text("Choose a reason, or write one.")
    findings.look(proctor.page, "live view and reason", PROCTOR_WIDTHS)
    card.get_by_test_id("decision-reason").fill("Two people.")
    card.get_by_test_id("decision-save").click()
    expect(card).to_have_attribute("data-decision", "confirmed")
    findings.look(proctor.page, "decided", PROCTOR_WIDTHS)
    proctor.page.keyboard.press("?")
    expect(proctor.page.get_by_role("dialog")).to_be_visible()
    findings.look(proctor.page, "keys", PROCTOR_WIDTHS)
    assert not findings.all, str(findings)
