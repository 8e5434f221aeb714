"""What the camera shows becomes a card with a photo on the proctor's console."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.browsers import allow_camera, refuse_camera
from tests.browser.conftest import Exam
from tests.browser.people import expect_loaded
from tests.browser.server import Server

pytestmark = pytest.mark.browser


def test_somebody_else_sits_down(exam: Exam) -> None:
    obama = exam.candidate("Barack Obama", "obama")
    cards = exam.proctor.cards("different_person")

    obama.camera.show("biden")
    card = cards.first
    expect(card).to_contain_text("Barack Obama")
    expect(card).to_have_attribute("data-severity", "high")
    expect(card).to_have_attribute("data-state", "open")
    expect(card).to_contain_text("does not match the reference photo")
    expect_loaded(card.get_by_test_id("incident-evidence"))
    expect_loaded(card.get_by_test_id("incident-reference"))
    obama.expect_warning("different_person")

    obama.camera.show("obama")
    expect(card).to_have_attribute("data-state", "closed")
    expect(card).to_contain_text("Ended after")
    expect(obama.get("warning")).to_have_count(0)
    expect(cards).to_have_count(1)


def test_a_second_person_comes_in(exam: Exam) -> None:
    obama = exam.candidate()
    obama.camera.show("two")
    card = exam.proctor.cards("multiple_faces")
    expect(card).to_contain_text("Up to 2 faces at once")
    expect_loaded(card.get_by_test_id("incident-evidence"))
    obama.expect_warning("multiple_faces")
    obama.camera.show("obama")
    expect(card).to_have_attribute("data-state", "closed")


def test_nobody_is_there_and_darkness_is_no_absence(exam: Exam) -> None:
    obama = exam.candidate()
    obama.camera.show("dark")
    obama.expect_warning("too_dark")
    expect(exam.proctor.tile("Barack Obama")).to_contain_text("The last picture is too dark")
    obama.camera.show("empty")
    card = exam.proctor.cards("no_face")
    expect(card).to_be_visible()
    expect_loaded(card.get_by_test_id("incident-evidence"))
    obama.expect_warning("no_face")
    obama.camera.show("obama")
    expect(card).to_have_attribute("data-state", "closed")
    expect(exam.proctor.cards()).to_have_count(1)


def test_the_camera_stops_and_comes_back(exam: Exam, server: Server) -> None:
    obama = exam.candidate()
    refuse_camera(obama.context)
    expect(obama.get("room-status")).to_have_attribute("data-tone", "camera")
    tile = exam.proctor.tile("Barack Obama")
    expect(tile).to_have_attribute("data-status", "camera_off")
    card = exam.proctor.cards("camera_lost")
    expect(card).to_contain_text("Cause: the camera")
    expect(card).to_have_attribute("data-state", "open")

    allow_camera(obama.context, server.origin)
    obama.expect_monitored()
    expect(card).to_have_attribute("data-state", "closed")
    expect(tile).to_have_attribute("data-status", "online")
    panel = exam.proctor.focus("Barack Obama")
    panel.get_by_role("tab", name="Incidents and gaps").click()
    expect(panel).to_contain_text("No pictures: the camera")
