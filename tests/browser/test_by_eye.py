"""The whole exam of somebody whose face is not compared, by a personal invitation."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Exam
from tests.browser.people import Candidate, expect_loaded
from tests.browser.server import Server

pytestmark = pytest.mark.browser

LIST = """Name;Email;External ID;Detectors off;Breaks;Break minutes;Extra time
Barack Obama;barack@example.org;=4711;multiple_faces;2;10;25 %
Michael Collins;collins@example.org;4712;;;;
"""

# Room above and below the words of a button, in pixels.
BESIDE_THE_LABEL = """button => {
  const outer = button.getBoundingClientRect();
  const words = document.createRange();
  words.selectNodeContents(button.querySelector(".mantine-Button-label"));
  const { top, bottom } = words.getBoundingClientRect();
  return [top - outer.top, outer.bottom - bottom];
}"""


def templates(server: Server, candidate_name: str) -> int:
    """Of the one of that name who joined last: other tests have people too."""
    with sqlite3.connect(f"file:{server.data_dir / 'invigil.db'}?mode=ro", uri=True) as database:
        (count,) = database.execute(
            "SELECT count(*) FROM template WHERE candidate_id = ("
            "SELECT id FROM candidate WHERE name = ? ORDER BY joined_at DESC LIMIT 1)",
            (candidate_name,),
        ).fetchone()
    database.close()
    return int(count)


def invite_all(exam: Exam, tmp_path: Path) -> str:
    """Import the list in the console; the link of the first person."""
    proctor = exam.proctor
    proctor.get("invitations").click()
    dialog = proctor.page.get_by_role("dialog")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("name,email\nAda,nobody\n", encoding="utf-8")
    proctor.get("roster-file").set_input_files(wrong)
    expect(proctor.get("roster-error")).to_contain_text("Line 2")
    right = tmp_path / "list.csv"
    right.write_text(LIST, encoding="utf-8-sig")
    proctor.get("roster-file").set_input_files(right)
    expect(proctor.get("invite")).to_have_count(2)
    expect(proctor.get("roster-error")).to_have_count(0)
    proctor.get("invited-only").click()
    expect(proctor.get("invited-only")).to_be_checked()
    proctor.page.keyboard.press("Escape")
    expect(proctor.get("not-downloaded")).to_contain_text("Not downloaded yet. Close anyway?")
    proctor.get("keep-links").click()
    above, below = proctor.get("download-links").evaluate(BESIDE_THE_LABEL)
    assert abs(above - below) <= 1, "the label sticks to an edge of its button"
    with proctor.page.expect_download() as download:
        proctor.get("download-links").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    found = re.search(r"Barack Obama,[^,]*,'=4711,(\S+)", text)
    assert found, text
    proctor.page.screenshot(path=tmp_path / "invitations.png")
    dialog.get_by_role("button", name="Close").click()
    return found[1]


def come_in_by_eye(exam: Exam, obama: Candidate, link: str, tmp_path: Path) -> None:
    obama.open(link)
    expect(obama.get("invited-name")).to_contain_text("Barack Obama")
    for way in ("software", "proctor"):
        expect(obama.get(f"choose-{way}")).not_to_be_checked()
    obama.get("join-consent").check()
    obama.get("join-accept").click()
    expect(obama.get("join-choice")).to_contain_text("Please choose one of the two.")
    obama.page.screenshot(path=tmp_path / "consent.png", full_page=True)
    obama.agree(None, "proctor")
    obama.turn_camera_on()
    obama.take_photo()
    expect(obama.get("waiting")).to_be_visible()
    waiting = exam.proctor.get("waiting-candidate")
    expect(waiting).to_contain_text("Please compare by eye.")
    for image in waiting.get_by_role("img").all():
        expect_loaded(image)
    exam.proctor.page.screenshot(path=tmp_path / "queue.png")
    exam.proctor.get("approve").click()
    obama.enter()
    obama.expect_monitored()


def test_an_exam_by_eye_from_the_invitation_to_the_end(
    exam: Exam, server: Server, tmp_path: Path
) -> None:
    link = invite_all(exam, tmp_path)
    stranger = exam.new_candidate("biden")
    stranger.open(exam.join_url)
    expect(stranger.get("link-refused")).to_contain_text("personal invitation")
    obama = exam.new_candidate("obama")
    come_in_by_eye(exam, obama, link, tmp_path)

    # The secret is gone from the address; a reload goes on where it was.
    assert link.rpartition("/")[2] not in obama.page.url
    obama.page.reload()
    expect(obama.get("room")).to_be_visible()
    obama.expect_monitored()
    stranger.open(link)
    expect(stranger.get("link-refused")).to_contain_text("used already")

    expect(obama.get("arranged")).to_contain_text("Somebody may be with you")
    expect(obama.get("arranged")).to_contain_text("2 breaks of 10 minutes each")
    expect(obama.get("by-eye")).to_be_visible()
    obama.page.screenshot(path=tmp_path / "room.png", full_page=True)
    panel = exam.proctor.focus("Barack Obama")
    expect(panel).to_contain_text("A proctor compares by eye")
    exam.proctor.get("tab-arranged").click()
    expect(exam.proctor.get("off-multiple_faces")).to_be_checked()
    exam.proctor.page.screenshot(path=tmp_path / "arranged.png")
    tile = exam.proctor.tile("Barack Obama")
    expect(tile).not_to_contain_text(re.compile("declin|refus|eye|compar", re.IGNORECASE))

    obama.camera.show("two")  # the helper
    obama.camera.show("empty")
    expect(exam.proctor.cards("no_face")).to_be_visible()
    expect(exam.proctor.cards("multiple_faces")).to_have_count(0)
    obama.camera.show("biden")  # nobody asks a machine who this is
    expect(exam.proctor.cards("no_face", "closed")).to_be_visible()
    expect(exam.proctor.cards("different_person")).to_have_count(0)
    assert templates(server, "Barack Obama") == 0
    obama.get("finish").click()
    obama.get("finish-confirm").click()
    expect(obama.get("finished")).to_be_visible()
    assert templates(server, "Barack Obama") == 0


def test_the_comparison_is_stopped_in_the_room(exam: Exam, server: Server, tmp_path: Path) -> None:
    collins = exam.candidate("Michael Collins", "obama")
    assert templates(server, "Michael Collins") > 0
    collins.get("stop-comparing").click()
    collins.page.screenshot(path=tmp_path / "stop.png", full_page=True)
    collins.get("stop-comparing-confirm").click()
    expect(collins.get("by-eye")).to_be_visible()
    assert templates(server, "Michael Collins") == 0
    panel = exam.proctor.focus("Michael Collins")
    expect(panel).to_contain_text("From now on a proctor checks by eye")
    expect(panel).to_contain_text("A proctor compares by eye")
    collins.expect_monitored()
