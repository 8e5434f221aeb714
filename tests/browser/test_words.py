"""Words between the proctor and the candidates, and the end of a session."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Exam

pytestmark = pytest.mark.browser


def test_message_warning_and_question_arrive(exam: Exam) -> None:
    obama = exam.candidate("Barack Obama", "obama")
    collins = exam.candidate("Eileen Collins", "astronaut")
    panel = exam.proctor.focus("Barack Obama")
    room = obama.get("room")

    panel.get_by_test_id("message-text").fill("You may use a calculator.")
    panel.get_by_test_id("send-message").click()
    expect(room).to_contain_text("You may use a calculator.")
    panel.get_by_test_id("message-text").fill("Please stay in front of the camera.")
    panel.get_by_test_id("send-warning").click()
    expect(room).to_contain_text("Warning from the proctor")
    expect(room).to_contain_text("Please stay in front of the camera.")

    obama.get("chat-input").fill("Is page 3 missing?")
    obama.get("chat-send").click()
    expect(panel.get_by_test_id("message").last).to_contain_text("Is page 3 missing?")
    expect(collins.get("room")).not_to_contain_text("calculator")
    expect(collins.get("room")).not_to_contain_text("page 3")

    exam.proctor.get("message-all").click()
    dialog = exam.proctor.page.get_by_role("dialog")
    dialog.get_by_test_id("message-text").fill("Ten minutes left.")
    dialog.get_by_test_id("send-message").click()
    for candidate in (obama, collins):
        expect(candidate.get("room")).to_contain_text("Ten minutes left.")


def test_a_candidate_gets_help_before_the_room(exam: Exam) -> None:
    obama = exam.new_candidate("obama")
    obama.open(exam.join_url)
    obama.agree("Barack Obama")
    obama.get("ask-help").click()
    obama.get("chat-input").fill("My camera light is off")
    obama.get("chat-send").click()
    mark = exam.proctor.get("tile-questions")
    expect(mark).to_have_text("1 message")  # also for a proctor who looks at somebody else

    panel = exam.proctor.focus("Barack Obama")
    expect(panel).to_contain_text("My camera light is off")
    expect(mark).to_have_count(0)


def test_closing_the_session_tells_the_candidates(exam: Exam) -> None:
    obama = exam.candidate()
    exam.proctor.get("close-session").click()
    exam.proctor.get("close-session-confirm").click()
    expect(obama.get("session-closed")).to_be_visible()
    tracks = "probe.streams.flatMap((stream) => stream.getTracks())"
    assert obama.page.evaluate(f"{tracks}.every((track) => track.readyState === 'ended')")

    expect(exam.proctor.get("close-session")).to_have_count(0)
    late = exam.new_candidate("biden")
    late.open(exam.join_url)
    expect(late.get("session-closed")).to_be_visible()
