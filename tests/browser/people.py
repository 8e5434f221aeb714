"""What a candidate and a proctor do, step by step."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.camera import CameraFile


class Candidate:
    """A person with a browser and a camera, and what this person sees."""

    def __init__(self, context: BrowserContext, camera: CameraFile):
        self.context = context
        self.camera = camera
        self.page = context.new_page()

    def get(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def open(self, join_url: str) -> None:
        self.page.goto(join_url)

    def agree(self, name: str | None, way: str = "software") -> None:
        """`name`: None with a personal invitation. `way`: software or proctor."""
        if name is not None:
            self.get("join-name").fill(name)
        self.get(f"choose-{way}").check()
        self.get("join-consent").check()
        self.get("join-accept").click()

    def turn_camera_on(self) -> None:
        self.get("camera-start").click()
        expect(self.get("camera-preview")).to_be_visible()
        self.get("camera-continue").click()

    def take_photo(self) -> None:
        """As somebody would: after the preview has shown a face for a moment."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('video')].some("
            "(each) => each.readyState >= 2 && each.currentTime > 0.3)"
        )
        self.get("photo-take").click()

    def try_again_where_asked(self) -> None:
        """The page may ask for another try, when the camera of a busy machine gave nothing."""
        missed = self.page.get_by_text("The camera gave no picture.")
        expect(self.get("enter-room").or_(missed)).to_be_visible()
        if missed.is_visible():
            print("the camera gave no picture at first")
            self.get("photo-take").click()

    def upload(self, photo: Path) -> None:
        self.get("photo-upload").set_input_files(photo)

    def enter(self) -> None:
        self.get("enter-room").click()
        expect(self.get("room")).to_be_visible()

    def come_in(self, join_url: str, name: str) -> None:
        """The whole way from the link to the exam room."""
        self.open(join_url)
        self.agree(name)
        self.turn_camera_on()
        self.take_photo()
        self.try_again_where_asked()
        self.enter()
        self.expect_monitored()

    def expect_monitored(self) -> None:
        expect(self.get("room-status")).to_have_attribute("data-tone", "ok")

    def expect_warning(self, code: str) -> None:
        expect(self.page.locator(f'[data-testid=warning][data-code="{code}"]')).to_be_visible()


class Proctor:
    """Somebody who is signed in, and the pages this person has."""

    def __init__(self, context: BrowserContext, origin: str):
        self.context = context
        self.page = context.new_page()
        self._origin = origin

    def get(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def create_session(
        self,
        title: str,
        interval_s: int = 1,
        provider: str | None = None,
        *,
        repeats: bool = False,
        fair_review: bool = False,
        look: Callable[[Page], None] | None = None,
    ) -> str:
        """Returns the join link. `provider`: of live video, where there is a choice.

        `fair_review`: two reviewers agree, and candidates see their own incidents afterwards.
        `look`: at the settings, before the session is made of them.
        """
        self.page.goto(self._origin)
        self.get("session-title").fill(title)
        self.page.get_by_role("button", name="More settings").click()
        self.get("session-interval").fill(str(interval_s))
        # The cameras of these tests go round within a second.
        if not repeats:
            self.page.get_by_label("Report pictures that repeat").uncheck(force=True)
        if provider:
            self.get("session-provider").select_option(provider)
        if fair_review:
            self.get("session-second-reviewer").check()
            self.get("session-own-incidents").select_option("after_end")
        if look:
            look(self.page)
        self.get("session-create").click()
        return self._row(title).get_by_test_id("join-url").inner_text().strip()

    def open_console(self, title: str) -> None:
        self._row(title).get_by_test_id("open-console").click()
        expect(self.get("console")).to_be_visible()
        self.expect_connected()

    def _row(self, title: str) -> Locator:
        link = self.page.get_by_role("link", name=title, exact=True)
        return self.get("session-row").filter(has=link)

    def expect_connected(self) -> None:
        expect(self.get("connection-state")).to_have_attribute("data-state", "online")

    def cards(self, kind: str | None = None, state: str | None = None) -> Locator:
        selector = "[data-testid=incident-card]"
        if kind:
            selector += f"[data-kind={kind}]"
        if state:
            selector += f"[data-state={state}]"
        return self.page.locator(selector)

    def tile(self, name: str) -> Locator:
        return self.get("tile").filter(has_text=name)

    def focus(self, name: str) -> Locator:
        """Open the large view of one candidate."""
        self.tile(name).get_by_role("button", name=name).click()
        panel = self.get("focus-panel")
        expect(panel).to_contain_text(name)
        return panel


def expect_loaded(image: Locator) -> None:
    """An image that is there and has arrived, not only an address."""
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", True)
    width = image.evaluate("image => image.naturalWidth")
    assert width > 0, "the picture is broken"


def token_of(link: str) -> str:
    found = re.search(r"token=(.+)$", link)
    assert found is not None
    return found[1]
