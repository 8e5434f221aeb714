"""From the join link into the exam room."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.browsers import asked_for_camera
from tests.browser.camera import photo, picture
from tests.browser.conftest import NewCandidate
from tests.browser.people import Proctor

pytestmark = pytest.mark.browser


def test_consent_comes_before_any_camera_and_a_webcam_photo_leads_into_the_room(
    proctor: Proctor, new_candidate: NewCandidate
) -> None:
    join_url = proctor.create_session("Consent first")
    proctor.open_console("Consent first")
    obama = new_candidate("obama")

    obama.open(join_url)
    expect(obama.get("consent-text")).to_be_visible()
    obama.get("join-name").fill("Barack Obama")
    obama.get("join-accept").click()  # without the tick
    expect(obama.get("join-accept")).to_be_visible()
    assert asked_for_camera(obama.page) == 0

    obama.get("join-consent").check()
    obama.get("join-accept").click()  # without having chosen how the identity is checked
    expect(obama.get("join-accept")).to_be_visible()
    assert asked_for_camera(obama.page) == 0

    obama.get("choose-software").check()
    obama.get("join-accept").click()
    expect(obama.get("camera-start")).to_be_visible()
    assert asked_for_camera(obama.page) == 0, "the camera waits until the candidate starts it"
    obama.turn_camera_on()
    assert asked_for_camera(obama.page) == 1

    obama.take_photo()
    obama.enter()
    obama.expect_monitored()
    expect(proctor.tile("Barack Obama")).to_have_attribute("data-status", "online")
    assert asked_for_camera(obama.page) == 1


def test_an_upload_is_refused_with_the_reason_until_it_shows_one_face(
    proctor: Proctor, new_candidate: NewCandidate, tmp_path: Path
) -> None:
    join_url = proctor.create_session("Uploads")
    for scene in ("empty", "two"):
        picture(scene).save(tmp_path / f"{scene}.jpg")
    (tmp_path / "notes.jpg").write_text("not a picture")
    obama = new_candidate("obama")
    obama.open(join_url)
    obama.agree("Barack Obama")
    obama.turn_camera_on()

    refusal = obama.get("photo-error")
    obama.upload(tmp_path / "empty.jpg")
    expect(refusal).to_have_attribute("data-code", "reference_no_face")
    expect(refusal).to_contain_text("face")
    obama.upload(tmp_path / "two.jpg")
    expect(refusal).to_have_attribute("data-code", "reference_several_faces")
    obama.upload(tmp_path / "notes.jpg")
    expect(refusal).to_have_attribute("data-code", "unsupported_image")

    obama.upload(photo("obama"))
    obama.enter()
    obama.expect_monitored()


def test_whoever_does_not_match_waits_for_the_proctor_who_lets_them_in(
    proctor: Proctor, new_candidate: NewCandidate
) -> None:
    join_url = proctor.create_session("Mismatch")
    proctor.open_console("Mismatch")
    biden = new_candidate("biden")
    biden.open(join_url)
    biden.agree("Joe Biden")
    biden.turn_camera_on()
    biden.upload(photo("obama"))

    expect(biden.get("waiting")).to_be_visible()
    waiting = proctor.get("waiting-candidate")
    expect(waiting).to_contain_text("Joe Biden")
    expect(waiting.locator("img")).to_have_count(2)
    waiting.get_by_test_id("approve").click()

    biden.enter()
    biden.expect_monitored()
    expect(proctor.get("waiting-queue")).to_have_count(0)
    expect(proctor.tile("Joe Biden")).to_have_attribute("data-status", "online")


def test_the_proctor_can_ask_for_a_new_photo(proctor: Proctor, new_candidate: NewCandidate) -> None:
    join_url = proctor.create_session("Retake")
    proctor.open_console("Retake")
    obama = new_candidate("dark")
    obama.open(join_url)
    obama.agree("Barack Obama")
    obama.turn_camera_on()
    obama.take_photo()
    expect(obama.get("photo-error")).to_have_attribute("data-code", "reference_too_dark")
    obama.get("ask-proctor").click()
    expect(obama.get("waiting")).to_be_visible()

    proctor.get("waiting-candidate").get_by_test_id("retake").click()
    proctor.page.get_by_test_id("retake-reason").fill("Please turn on the lamp.")
    proctor.get("retake-send").click()
    expect(obama.get("retake-reason")).to_contain_text("Please turn on the lamp.")

    obama.camera.show("obama")
    obama.take_photo()
    obama.enter()
