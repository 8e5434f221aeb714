"""The pictures of the README, taken from the running product.

Only with INVIGIL_SCREENSHOTS=1, as they are part of the repository.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.camera import picture
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


def test_the_console_and_the_check_in(
    proctor: Proctor, new_candidate: NewCandidate, tmp_path: Path
) -> None:
    title = "Mathematics, final exam"
    join_url = proctor.create_session(title, interval_s=2)
    proctor.open_console(title)
    alex, billie, charlie = new_candidate("obama"), new_candidate("biden"), new_candidate("obama")
    alex.come_in(join_url, "Alex")
    billie.come_in(join_url, "Billie")
    charlie.come_in(join_url, "Charlie")

    dana = new_candidate("obama", viewport=(860, 760))
    dana.open(join_url)
    dana.agree("Dana")
    dana.turn_camera_on()
    expect(dana.get("photo-take")).to_be_visible()
    dana.page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    save(dana.page, "check-in.png", whole=True)
    picture("biden").save(tmp_path / "dana.jpg", quality=90)
    dana.upload(tmp_path / "dana.jpg")
    expect(proctor.get("waiting-candidate")).to_contain_text("Dana")

    charlie.camera.show("two")
    expect(proctor.cards("multiple_faces")).to_be_visible()
    alex.camera.show("astronaut")
    expect_loaded(proctor.cards("different_person").get_by_test_id("incident-evidence"))
    expect(proctor.get("tile-video")).to_have_count(4)
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
    """A palette makes a screenshot with photographs a third of its size.

    Without the k-means step the photographs take all colours, and the words turn grey.
    """
    with Image.open(path) as image:
        image.convert("RGB").quantize(256, kmeans=3).save(path, optimize=True)
