"""The pictures of the README, taken from the running product.

Only with INVIGIL_SCREENSHOTS=1, as they are part of the repository.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewCandidate
from tests.browser.people import Proctor, expect_loaded
from tests.browser.test_video import wait_for_frames

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        os.environ.get("INVIGIL_SCREENSHOTS") != "1",
        reason="set INVIGIL_SCREENSHOTS=1 to take them",
    ),
]

FOLDER = Path(os.environ.get("INVIGIL_SCREENSHOTS_DIR", Path(__file__).parents[2] / "docs/images"))
MOST_BYTES = 300_000


def test_the_console_and_the_check_in(proctor: Proctor, new_candidate: NewCandidate) -> None:
    title = "Mathematics, final exam"
    join_url = proctor.create_session(title, interval_s=2)
    proctor.open_console(title)
    people = {
        "Amara Okafor": new_candidate("obama"),
        "Jonas Weber": new_candidate("astronaut"),
        "Mei Lin": new_candidate("biden"),
    }
    for name, person in people.items():
        person.come_in(join_url, name)
    people["Mei Lin"].camera.show("two")
    expect(proctor.cards("multiple_faces")).to_be_visible()
    people["Mei Lin"].camera.show("biden")
    people["Amara Okafor"].camera.show("biden")
    card = proctor.cards("different_person")
    expect_loaded(card.get_by_test_id("incident-evidence"))
    expect(proctor.cards("multiple_faces", "closed")).to_be_visible()

    late = new_candidate("astronaut", viewport=(860, 760))
    late.open(join_url)
    late.agree("Sara Haddad")
    late.turn_camera_on()
    expect(late.get("photo-take")).to_be_visible()
    wait_for_frames(late.page, more=0)
    late.page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    save(late.page, "check-in.png", whole=True)
    late.take_photo()
    expect(late.get("enter-room")).to_be_visible()
    late.enter()
    expect(proctor.page.get_by_test_id("tile-video")).to_have_count(4)
    expect(proctor.get("system-banner")).to_have_count(0)
    wait_for_frames(proctor.page, more=40)
    save(proctor.page, "console.png")


def save(page: Page, name: str, *, whole: bool = False) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    page.screenshot(path=path, full_page=whole)
    small(path)
    assert path.stat().st_size <= MOST_BYTES, f"{name} has {path.stat().st_size} bytes"


def small(path: Path) -> None:
    """A palette makes a screenshot with photographs a third of its size."""
    from PIL import Image

    with Image.open(path) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(
            path, optimize=True
        )
