"""Reloads, a second tab, and a server that dies in the middle of an exam."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import browsers
from tests.browser.browsers import asked_for_camera
from tests.browser.conftest import Exam, NewCandidate, sign_in
from tests.browser.people import Candidate, Proctor, expect_loaded
from tests.browser.server import Server
from tests.browser.test_video import wait_for_frames

pytestmark = pytest.mark.browser

RESUME_S = 5
STANDBY_S = 5
"""How long a tab that waits gives the other one to be reloaded."""


def test_a_reload_brings_the_candidate_back_into_the_room(exam: Exam) -> None:
    obama = exam.candidate()
    wait_for_frames(exam.proctor.page)
    begun = time.monotonic()
    obama.page.reload(wait_until="commit")
    obama.expect_monitored()
    took = time.monotonic() - begun
    assert took <= RESUME_S, f"back after {took:.1f} s"
    assert asked_for_camera(obama.page) == 1
    expect(exam.proctor.tile("Barack Obama")).to_have_attribute("data-status", "online")
    wait_for_frames(exam.proctor.page)
    expect(exam.proctor.cards()).to_have_count(0)


def test_a_reload_of_the_console_loses_nothing(exam: Exam) -> None:
    obama = exam.candidate()
    obama.camera.show("biden")
    card = exam.proctor.cards("different_person")
    expect(card).to_be_visible()
    exam.proctor.page.reload()
    exam.proctor.expect_connected()
    expect_loaded(card.get_by_test_id("incident-evidence"))
    wait_for_frames(exam.proctor.page)
    obama.camera.show("obama")
    expect(card).to_have_attribute("data-state", "closed")


def test_a_second_tab_takes_over_and_the_first_can_take_it_back(exam: Exam) -> None:
    first = exam.candidate()
    second = Candidate(first.context, first.camera)
    second.open(exam.join_url)
    second.expect_monitored()
    expect(first.get("tab-taken-over")).to_be_visible()
    still_on = "probe.streams.flatMap((s) => s.getTracks()).some((t) => t.readyState === 'live')"
    expect(first.page.locator("video")).to_have_count(0)
    assert not first.page.evaluate(still_on), "the camera is off in the tab that is not used"

    first.get("continue-here").click()
    first.expect_monitored()
    expect(second.get("tab-taken-over")).to_be_visible()
    expect(exam.proctor.tile("Barack Obama")).to_have_attribute("data-status", "online")
    wait_for_frames(exam.proctor.page)
    expect(exam.proctor.cards()).to_have_count(0)


def test_a_waiting_tab_goes_on_when_the_other_is_closed_and_not_when_it_is_reloaded(
    exam: Exam,
) -> None:
    first = exam.candidate()
    second = Candidate(first.context, first.camera)
    second.open(exam.join_url)
    second.expect_monitored()
    expect(first.get("tab-taken-over")).to_contain_text("goes on by itself")

    second.page.reload()
    second.expect_monitored()
    first.page.wait_for_timeout(STANDBY_S * 1000 + 1500)
    expect(first.get("tab-taken-over")).to_contain_text("goes on by itself")
    second.expect_monitored()

    second.page.close()
    first.expect_monitored()
    expect(exam.proctor.tile("Barack Obama")).to_have_attribute("data-status", "online")
    wait_for_frames(exam.proctor.page)


def test_a_waiting_tab_takes_nothing_from_another_device(
    exam: Exam, new_candidate: NewCandidate
) -> None:
    first = exam.candidate()
    second = Candidate(first.context, first.camera)
    second.open(exam.join_url)
    second.expect_monitored()
    kept = second.page.evaluate("Object.entries(localStorage)")
    other_device = new_candidate("obama")
    # The same candidate goes on there: with the token, as after a new personal link.
    other_device.context.add_init_script(
        f"for (const [key, value] of {kept}) localStorage.setItem(key, value)"
    )
    other_device.open(exam.join_url)
    other_device.expect_monitored()
    expect(second.get("tab-taken-over")).to_be_visible()

    second.page.close()
    expect(first.get("tab-taken-over")).to_contain_text("press Continue here")
    other_device.expect_monitored()


def test_everybody_comes_back_when_the_server_dies_and_restarts(
    own_server: Server,
    proctor_browser: Browser,
    new_candidate: NewCandidate,
    contexts: list[BrowserContext],
    tmp_path: Path,
) -> None:
    state = sign_in(own_server, proctor_browser, tmp_path / "state.json")
    context = browsers.new_context(proctor_browser, own_server.origin, storage_state=state)
    contexts.append(context)
    proctor = Proctor(context, own_server.origin)
    join_url = proctor.create_session("Power cut")
    proctor.open_console("Power cut")
    obama = new_candidate("obama", origin=own_server.origin)
    obama.come_in(join_url, "Barack Obama")
    obama.camera.show("biden")
    card = proctor.cards("different_person")
    expect(card).to_be_visible()
    obama.camera.show("obama")
    expect(card).to_have_attribute("data-state", "closed")

    own_server.kill()
    expect(proctor.get("connection-lost")).to_be_visible()
    expect(obama.get("room-status")).to_have_attribute("data-tone", "technical")
    own_server.start()

    obama.expect_monitored()
    proctor.expect_connected()
    expect(proctor.get("connection-lost")).to_have_count(0)
    expect(proctor.tile("Barack Obama")).to_have_attribute("data-status", "online")
    wait_for_frames(proctor.page)
    expect(card).to_have_count(1)
    expect_loaded(card.get_by_test_id("incident-evidence"))

    panel = proctor.focus("Barack Obama")
    panel.get_by_role("tab", name="Incidents and gaps").click()
    expect(panel).to_contain_text("our server did not run")
    expect(proctor.cards("camera_lost")).to_have_count(0)
    obama.camera.show("two")
    expect(proctor.cards("multiple_faces")).to_have_count(1)
