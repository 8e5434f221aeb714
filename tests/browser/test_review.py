"""The proctor works through the incidents: decisions, filters, counts and keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Exam
from tests.browser.people import Proctor

pytestmark = pytest.mark.browser


@pytest.fixture
def incidents(exam: Exam) -> Proctor:
    """Two incidents of one candidate: another person, and later more than one face."""
    obama = exam.candidate()
    for scene, kind in (("biden", "different_person"), ("two", "multiple_faces")):
        obama.camera.show(scene)  # type: ignore[arg-type]
        expect(exam.proctor.cards(kind)).to_have_count(1)
        obama.camera.show("obama")
        expect(exam.proctor.cards(kind, "closed")).to_have_count(1)
    obama.get("finish").click()
    obama.get("finish-confirm").click()
    expect(obama.get("finished")).to_be_visible()
    return exam.proctor


def test_decisions_counts_and_filters(incidents: Proctor) -> None:
    proctor = incidents
    newest, oldest = proctor.cards("multiple_faces"), proctor.cards("different_person")
    unread = proctor.get("unread-count")
    expect(unread).to_have_attribute("data-count", "2")
    expect(proctor.page).to_have_title(re.compile(r"^\(2\) "))
    expect(proctor.tile("Barack Obama")).to_contain_text("2 to look at")

    decide(oldest, "confirm", "Not the person who checked in")
    expect(oldest).to_have_attribute("data-decision", "confirmed")
    expect(oldest).to_contain_text("Not the person who checked in")
    expect(unread).to_have_attribute("data-count", "1")
    expect(proctor.page).to_have_title(re.compile(r"^\(1\) "))

    decide(newest, "dismiss", "A poster on the wall")
    expect(newest).to_have_attribute("data-decision", "dismissed")
    proctor.get("filter-show").select_option("undecided")
    expect(proctor.cards()).to_have_count(0)
    expect(proctor.get("feed")).to_contain_text("No incident fits this filter")
    proctor.page.get_by_role("button", name="Show all").click()

    newest.get_by_test_id("decision-undo").click()
    expect(newest).to_have_attribute("data-decision", "none")
    proctor.get("filter-show").select_option("undecided")
    expect(proctor.cards()).to_have_count(1)
    proctor.get("filter-show").select_option("all")
    proctor.get("filter-kind").select_option("different_person")
    expect(newest).to_have_count(0)
    expect(oldest).to_be_visible()

    proctor.page.reload()
    expect(oldest).to_have_attribute("data-decision", "confirmed")
    expect(newest).to_have_count(0)  # the filter is in the address


def test_the_keyboard_alone_is_enough(incidents: Proctor) -> None:
    proctor, keys = incidents, incidents.page.keyboard
    newest, oldest = proctor.cards("multiple_faces"), proctor.cards("different_person")

    keys.press("j")
    expect(newest).to_have_attribute("data-selected", "true")
    keys.press("j")
    expect(oldest).to_have_attribute("data-selected", "true")
    keys.press("k")
    expect(newest).to_have_attribute("data-selected", "true")

    keys.press("c")
    keys.type("Seen by C and Enter")
    keys.press("Enter")
    expect(newest).to_have_attribute("data-decision", "confirmed")
    expect(newest).to_contain_text("Seen by C and Enter")
    # The decision may come by the feed before the form has its own answer and closes.
    expect(newest.get_by_test_id("decision-reason")).to_have_count(0)
    keys.press("u")
    expect(newest).to_have_attribute("data-decision", "none")

    keys.press("d")
    keys.press("Escape")
    expect(newest.get_by_test_id("decision-reason")).to_have_count(0)
    expect(newest).to_have_attribute("data-decision", "none")
    keys.press("d")
    keys.press("Enter")  # without a reason nothing is saved
    expect(newest).to_contain_text("Choose a reason, or write one.")
    expect(newest).to_have_attribute("data-decision", "none")
    for key in ("Tab", "Enter", "Enter"):  # the first usual reason
        keys.press(key)
    expect(newest).to_have_attribute("data-decision", "dismissed")
    expect(newest).to_contain_text("Picture, poster or screen, not a person")
    expect(newest.get_by_test_id("decision-reason")).to_have_count(0)

    keys.press("?")
    expect(proctor.page.get_by_role("dialog")).to_contain_text("Undo the last decision")
    keys.press("Escape")
    expect(proctor.page.get_by_role("dialog")).to_have_count(0)


def test_the_pictures_open_large(incidents: Proctor) -> None:
    card = incidents.cards("different_person")
    card.get_by_title("Enlarge the pictures").click()
    dialog = incidents.page.get_by_role("dialog")
    expect(dialog.locator("img")).to_have_count(2)
    incidents.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def decide(card: Locator, how: str, reason: str) -> None:
    card.get_by_test_id(f"decision-{how}").click()
    card.get_by_test_id("decision-reason").fill(reason)
    card.get_by_test_id("decision-save").click()
