"""A proctor pauses, resumes, removes and ends; candidates see why, and later their incidents."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.accessibility import show
from tests.browser.browsers import new_context
from tests.browser.conftest import NewCandidate, sign_in
from tests.browser.people import Candidate, Proctor, expect_loaded
from tests.browser.server import Server

pytestmark = pytest.mark.browser


def do(proctor: Proctor, act: str, reason: str) -> None:
    proctor.get(f"act-{act}").click()
    proctor.get("act-reason").fill(reason)
    show(proctor.page, f"dialog-{act}")
    proctor.get("act-confirm").click()
    expect(proctor.get("act-reason")).to_have_count(0)


@pytest.fixture
def seated(
    proctor: Proctor, new_candidate: NewCandidate, request: pytest.FixtureRequest
) -> Candidate:
    """Somebody in the room of a session with fair review, in the large view of its console."""
    title = request.node.name[:60]
    join_url = proctor.create_session(
        title, fair_review=True, look=lambda page: show(page, "settings")
    )
    proctor.open_console(title)
    obama = new_candidate("obama")
    obama.come_in(join_url, "Barack Obama")
    proctor.focus("Barack Obama")
    return obama


def go_away_and_come_back(proctor: Proctor, obama: Candidate) -> None:
    """During a pause, with what the proctor reads of it before going on."""
    obama.page.goto("about:blank")
    proctor.get("act-resume").click()
    known = proctor.get("break-facts")
    expect(known).to_contain_text("The page of Barack Obama is not connected")
    expect(proctor.tile("Barack Obama")).to_contain_text("page not connected")
    show(proctor.page, "console-resume-away")
    obama.page.go_back()
    expect(obama.get("paused")).to_be_visible()
    expect(known).to_contain_text("The page of Barack Obama is connected")
    obama.get("say-back").click()
    expect(known).to_contain_text("“I am back at my desk.”")
    show(proctor.page, "console-resume-back")
    show(obama.page, "candidate-said-back")
    proctor.page.keyboard.press("Escape")


def test_pause_resume_and_end(proctor: Proctor, seated: Candidate) -> None:
    obama, tile = seated, proctor.tile("Barack Obama")
    obama.get("ask-break").click()
    expect(proctor.get("message")).to_contain_text("take a break")
    do(proctor, "pause", "A break, as you asked.")
    expect(obama.get("paused")).to_contain_text("A break, as you asked.")
    expect(obama.get("self-view")).to_have_count(0)
    expect(tile).to_have_attribute("data-status", "paused")
    expect(proctor.get("focus-panel").get_by_test_id("state-reason")).to_contain_text("A break")
    expect(proctor.get("focus-panel")).to_contain_text("Paused: no pictures are taken")
    expect(proctor.get("focus-panel")).not_to_contain_text("Next picture")
    obama.camera.show("two")  # whoever walks past in a break
    show(obama.page, "candidate-paused")
    show(proctor.page, "console-paused")
    obama.page.wait_for_timeout(4000)
    expect(proctor.cards()).to_have_count(0)
    go_away_and_come_back(proctor, obama)

    obama.camera.show("obama")
    do(proctor, "resume", "The break is over.")
    obama.expect_monitored()
    expect(tile).to_have_attribute("data-status", "online")
    expect(proctor.cards()).to_have_count(0)
    expect(proctor.get("focus-video")).to_be_visible()  # live video is back as well

    do(proctor, "remove", "Please put the phone away.")
    expect(obama.get("removed")).to_contain_text("Please put the phone away.")
    show(obama.page, "candidate-removed")
    do(proctor, "readmit", "Thank you.")
    obama.enter()
    obama.expect_monitored()

    do(proctor, "end", "The time is over.")
    expect(obama.get("finished")).to_contain_text("The time is over.")
    expect(tile).to_have_attribute("data-status", "finished")
    expect(obama.get("own-incidents")).to_contain_text("Nothing was noted.")


def test_two_people_confirm_and_the_candidate_sees_and_answers(
    proctor: Proctor, seated: Candidate, second: BrowserContext
) -> None:
    obama = seated
    obama.camera.show("two")
    card = proctor.cards("multiple_faces")
    expect(card).to_have_count(1)
    obama.camera.show("obama")
    expect(proctor.cards("multiple_faces", "closed")).to_have_count(1)
    expect(proctor.tile("Barack Obama")).to_contain_text("1 to look at")
    card.get_by_test_id("decision-confirm").click()
    expect(card).to_contain_text("Propose: confirmed")
    card.get_by_test_id("decision-reason").fill("Clearly two people.")
    card.get_by_test_id("decision-save").click()
    expect(card).to_have_attribute("data-proposed", "true")
    expect(card).to_contain_text("Waiting for a second person")
    expect(card.get_by_test_id("decision-confirm")).to_have_count(0)
    expect(proctor.tile("Barack Obama")).not_to_contain_text("to look at")
    show(proctor.page, "console-proposed")

    obama.get("finish").click()
    obama.get("finish-confirm").click()
    own = obama.get("own-incident")
    expect(own).to_have_attribute("data-kind", "multiple_faces")
    expect_loaded(own.get_by_test_id("own-evidence"))
    expect(own.get_by_test_id("own-decision")).to_contain_text("Nobody has decided")
    obama.get("own-answer-text").fill("My brother came in to bring me water.")
    show(obama.page, "own-incidents")
    obama.get("own-answer-send").click()
    expect(obama.get("own-answer")).to_contain_text("bring me water")
    expect(card.get_by_test_id("candidate-answer")).to_contain_text("bring me water")

    colleague_agrees(second, proctor.page.url)
    obama.page.set_viewport_size({"width": 375, "height": 800})
    obama.page.reload()  # the same link in the same browser leads back to it
    expect(own.get_by_test_id("own-decision")).to_contain_text("confirmed it")
    show(obama.page, "own-incidents-phone")


@pytest.fixture
def second(
    server: Server, proctor_browser: Browser, tmp_path: Path, contexts: list[BrowserContext]
) -> BrowserContext:
    """A colleague, signed in by a link of their own."""
    state = sign_in(server, proctor_browser, tmp_path / "second.json", server.new_link())
    context = new_context(proctor_browser, server.origin, storage_state=state)
    contexts.append(context)
    return context


def colleague_agrees(second: BrowserContext, console: str) -> None:
    page = second.new_page()
    page.goto(console)
    card = page.locator("[data-testid=incident-card]")
    card.get_by_test_id("decision-confirm").click()
    card.get_by_test_id("decision-reason").fill("I see two people as well.")
    card.get_by_test_id("decision-save").click()
    expect(card).not_to_have_attribute("data-proposed", "true")
    show(page, "console-agreed")
    page.goto(console.partition("/sessions/")[0])
    row = page.locator("[data-testid=precision-row][data-kind=multiple_faces]")
    expect(row).to_contain_text("too few to tell")
    show(page, "precision")
