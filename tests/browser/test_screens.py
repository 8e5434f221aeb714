"""Screens of lists, choices, acts, holds and answers pass axe, light and dark, wide and phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import AXE, CANDIDATE_WIDTHS, Findings
from tests.browser.conftest import Exam
from tests.browser.people import Candidate, Proctor
from tests.browser.test_by_eye import LIST, invite_all

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: run `npm ci` in web/"),
]


def test_lists_and_what_is_arranged(exam: Exam, tmp_path: Path) -> None:
    findings = Findings()
    proctor = exam.proctor
    link = invite_all(exam, tmp_path)
    proctor.get("invitations").click()
    expect(proctor.get("invite")).to_have_count(LIST.count("\n") - 1)
    findings.look(proctor.page, "invitations", CANDIDATE_WIDTHS)
    proctor.get("renew-links").click()
    findings.look(proctor.page, "question before new links", CANDIDATE_WIDTHS)
    proctor.get("invitations-dialog").get_by_role("button", name="Cancel").click()
    proctor.page.keyboard.press("Escape")

    obama = exam.new_candidate("obama")
    obama.open(link)
    expect(obama.get("invited-name")).to_be_visible()
    obama.get("join-consent").check()
    obama.get("join-accept").click()
    expect(obama.get("join-choice")).to_contain_text("Please choose one of the two.")
    findings.look(obama.page, "choice of matching", CANDIDATE_WIDTHS)
    obama.agree(None, "software")
    obama.turn_camera_on()
    obama.take_photo()
    obama.enter()
    obama.expect_monitored()
    obama.get("stop-comparing").click()
    findings.look(obama.page, "arranged and stop comparing", CANDIDATE_WIDTHS)
    proctor.focus("Barack Obama")
    proctor.get("tab-arranged").click()
    expect(proctor.get("accommodations")).to_be_visible()
    findings.look(proctor.page, "arranged", CANDIDATE_WIDTHS)
    stranger = exam.new_candidate("biden")
    stranger.open(link)
    expect(stranger.get("link-refused")).to_be_visible()
    findings.look(stranger.page, "link refused", CANDIDATE_WIDTHS)
    assert not findings.all, str(findings)


def test_acts_and_what_the_candidate_reads(exam: Exam) -> None:
    findings = Findings()
    proctor, obama = exam.proctor, exam.candidate()
    proctor.focus("Barack Obama")
    for act, screen in (("pause", "paused"), ("remove", "removed")):
        proctor.get(f"act-{act}").click()
        expect(proctor.get("act-reason")).to_be_visible()
        expect(proctor.get("act-confirm")).to_be_disabled()
        findings.look(proctor.page, f"dialog {act}", CANDIDATE_WIDTHS)
        proctor.get("act-dialog").get_by_role("group").get_by_role("button").first.click()
        proctor.get("act-confirm").click()
        expect(obama.get(screen)).to_be_visible()
        findings.look(obama.page, screen, CANDIDATE_WIDTHS)
    obama.get("stop-comparing").click()
    obama.get("stop-comparing-confirm").click()
    expect(obama.get("by-eye")).to_be_visible()
    expect(obama.get("removed")).to_be_visible()
    findings.look(proctor.page, "console with somebody removed", CANDIDATE_WIDTHS)
    assert not findings.all, str(findings)


def reviewed_before(page: Page) -> None:
    """As in an installation where people have decided about many incidents."""

    def answer(route: Route) -> None:
        found = route.fetch().json()
        for kind in found["kinds"]:
            kind.update(reviewed=41, words="3 of 41 such incidents were confirmed here.")
        route.fulfill(json=found)

    page.route("**/api/v1/precision", answer)


def incident_and_answer(proctor: Proctor, obama: Candidate, findings: Findings) -> None:
    obama.camera.show("two")
    card = proctor.cards("multiple_faces")
    expect(card.get_by_test_id("base-rate")).to_be_visible()
    card.get_by_test_id("decision-confirm").click()
    expect(card).to_contain_text("which the candidate will read")
    findings.look(proctor.page, "reason of a decision", CANDIDATE_WIDTHS)
    card.get_by_role("button", name="Another person is in the picture").click()
    card.get_by_test_id("decision-save").click()
    expect(card).to_have_attribute("data-proposed", "true")
    obama.get("finish").click()
    obama.get("finish-confirm").click()
    expect(obama.get("own-incident")).to_be_visible()
    obama.get("own-answer-text").fill("My brother came in to bring me water.")
    findings.look(obama.page, "own incidents", CANDIDATE_WIDTHS)
    obama.get("own-answer-send").click()
    expect(card.get_by_test_id("candidate-answer")).to_be_visible()
    findings.look(proctor.page, "proposed and answered", CANDIDATE_WIDTHS)
    card.get_by_title("Enlarge the pictures").click()
    dialog = proctor.page.get_by_role("dialog")
    expect(dialog.get_by_test_id("base-rate")).to_be_visible()
    expect(dialog.get_by_test_id("candidate-answer")).to_contain_text("bring me water")
    findings.look(proctor.page, "enlarged", CANDIDATE_WIDTHS)
    proctor.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def hold_release_and_erase(proctor: Proctor, name: str, findings: Findings) -> None:
    proctor.focus(name)
    proctor.get("tab-keeping").click()
    proctor.get("hold-reason").fill("Appeal 12 / 2026")
    proctor.get("hold-set").click()
    expect(proctor.get("hold")).to_contain_text("Appeal 12 / 2026")
    expect(proctor.get("hold-badge")).to_be_visible()
    expect(proctor.get("erase-candidate")).to_be_disabled()
    findings.look(proctor.page, "on hold", CANDIDATE_WIDTHS)
    proctor.get("hold-release").click()
    proctor.get("hold-release-confirm").click()
    expect(proctor.get("hold-badge")).to_have_count(0)
    proctor.get("erase-candidate").click()
    proctor.get("erase-name").fill(name)
    findings.look(proctor.page, "erase", CANDIDATE_WIDTHS)


def test_answers_holds_and_erasure(exam: Exam) -> None:
    """From the incident to the moment when nothing of the candidate is left on any console."""
    findings = Findings()
    proctor, name = exam.proctor, "Barack Obama"
    title = "Answers, holds and erasure"
    join_url = proctor.create_session(
        title,
        fair_review=True,
        look=lambda page: findings.look(page, "settings of a session", CANDIDATE_WIDTHS),
    )
    reviewed_before(proctor.page)
    proctor.open_console(title)
    obama = exam.new_candidate("obama")
    obama.come_in(join_url, name)
    incident_and_answer(proctor, obama, findings)

    hold_release_and_erase(proctor, name, findings)
    colleague = Proctor(proctor.context, proctor._origin)
    colleague.page.goto(proctor.page.url)
    expect(colleague.tile(name)).to_be_visible()
    # A colleague is quicker: the hold that this page does not know yet is what refuses.
    session_id = proctor.page.url.rpartition("/")[2].partition("?")[0]
    held = colleague.page.request.post(
        f"{proctor._origin}/api/v1/sessions/{session_id}/holds",
        data={"reason": "Case 7"},
        headers={"Origin": proctor._origin},
    )
    assert held.status == 201
    proctor.get("erase-confirm").click()
    expect(proctor.get("erase-error")).to_contain_text("on a legal hold")
    findings.look(proctor.page, "erasure refused", CANDIDATE_WIDTHS)
    released = colleague.page.request.delete(
        f"{proctor._origin}/api/v1/holds/{held.json()['id']}",
        headers={"Origin": proctor._origin},
    )
    assert released.status == 200
    proctor.get("erase-confirm").click()
    expect(proctor.get("focus-panel")).to_have_count(0)
    for console in (proctor, colleague):
        expect(console.page.get_by_test_id("tile")).to_have_count(0)
        expect(console.cards()).to_have_count(0)
    proctor.page.goto(proctor._origin)
    expect(proctor.get("precision")).to_be_visible()
    findings.look(proctor.page, "precision", CANDIDATE_WIDTHS)
    assert not findings.all, str(findings)
