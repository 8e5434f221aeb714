"""One server for all tests, a browser for the proctor, and a few for candidates."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

import invigil
from tests.browser import browsers
from tests.browser.camera import CameraFile, Scene
from tests.browser.people import Candidate, Proctor
from tests.browser.server import Server

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = _missing()
    if reason is None:
        return
    if os.environ.get("INVIGIL_TEST_REQUIRE_BROWSER"):
        raise pytest.UsageError(f"the browser tests may not be skipped here: {reason}")
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.skip(reason=reason))


def _missing() -> str | None:
    if browsers.chromium() is None:
        return "no Chromium on this machine: install it, or set INVIGIL_TEST_CHROMIUM to its path"
    if not (Path(invigil.__file__).parent / "static" / "index.html").exists():
        return "the pages are not built: run `npm run build` in web/"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failure: what each page showed, and what the server said last."""
    report = yield
    if report.when == "call" and report.failed and isinstance(item, pytest.Function):
        for value in item.funcargs.values():
            if isinstance(value, Server):
                report.sections.append(("server", "".join(value.log[-40:])))
        contexts = item.funcargs.get("contexts")
        for context in contexts if isinstance(contexts, list) else []:
            report.sections += [(f"page {page.url}", shown(page)) for page in context.pages]
    return report


def shown(page: Page) -> str:
    """What a reader of the page would see."""
    try:
        return page.locator("body").inner_text(timeout=2000)
    except PlaywrightError as gone:
        return f"(not to be read: {gone})"


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=browsers.TIMEOUT_MS)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    running.require_running()
    running.stop()


@pytest.fixture(scope="package")
def proctor_browser(playwright: Playwright) -> Iterator[Browser]:
    browser = browsers.launch(playwright, None)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def signed_in(
    server: Server, proctor_browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The cookies of a proctor who has used the link of the terminal."""
    return sign_in(server, proctor_browser, tmp_path_factory.mktemp("proctor") / "state.json")


def sign_in(server: Server, browser: Browser, state: Path, link: str | None = None) -> Path:
    """`link`: the one that the server printed at its start, or another."""
    server.require_running()
    context = browsers.new_context(browser, server.origin)
    page = context.new_page()
    page.goto(link or server.link)
    expect(page.get_by_test_id("session-title")).to_be_visible()
    context.storage_state(path=state)
    context.close()
    return state


@pytest.fixture
def contexts() -> Iterator[list[BrowserContext]]:
    """Whatever a test opens is closed after it."""
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


@pytest.fixture
def proctor(
    server: Server, proctor_browser: Browser, signed_in: Path, contexts: list[BrowserContext]
) -> Proctor:
    server.require_running()
    context = browsers.new_context(proctor_browser, server.origin, storage_state=signed_in)
    contexts.append(context)
    return Proctor(context, server.origin)


class Seats:
    """Browsers with cameras; they outlive a test, as starting one is slow."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self._playwright = playwright
        self._folder = folder
        self._seats: list[tuple[Browser, CameraFile]] = []

    def take(self, number: int, scene: Scene) -> tuple[Browser, CameraFile]:
        while len(self._seats) <= number:
            camera = CameraFile(self._folder / f"camera-{len(self._seats)}.y4m", scene)
            self._seats.append((browsers.launch(self._playwright, camera), camera))
        browser, camera = self._seats[number]
        camera.show(scene)
        return browser, camera

    def close(self) -> None:
        for browser, _ in self._seats:
            browser.close()


@pytest.fixture(scope="package")
def seats(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seats]:
    made = Seats(playwright, tmp_path_factory.mktemp("cameras"))
    yield made
    made.close()


NewCandidate = Callable[..., Candidate]


@dataclass(frozen=True)
class Exam:
    """A session and the proctor who watches it."""

    proctor: Proctor
    new_candidate: NewCandidate
    join_url: str

    def candidate(self, name: str = "Barack Obama", scene: Scene = "obama") -> Candidate:
        """Somebody new, all the way into the room."""
        candidate = self.new_candidate(scene)
        candidate.come_in(self.join_url, name)
        return candidate


@pytest.fixture
def new_candidate(server: Server, seats: Seats, contexts: list[BrowserContext]) -> NewCandidate:
    """Makes candidates, each with a browser process and a camera of their own."""
    made = 0

    def make(
        scene: Scene = "obama", *, origin: str = server.origin, **context: object
    ) -> Candidate:
        nonlocal made
        browser, camera = seats.take(made, scene)
        made += 1
        opened = browsers.new_context(browser, origin, **context)  # type: ignore[arg-type]
        contexts.append(opened)
        return Candidate(opened, camera)

    return make


@pytest.fixture
def exam(proctor: Proctor, new_candidate: NewCandidate, request: pytest.FixtureRequest) -> Exam:
    """A session with an open console, and nobody in it yet."""
    title = request.node.name.removeprefix("test_").replace("_", " ").capitalize()[:60]
    join_url = proctor.create_session(title)
    proctor.open_console(title)
    return Exam(proctor, new_candidate, join_url)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A fresh server for one test, with nothing in it."""
    running = Server(tmp_path / "data")
    running.start()
    yield running
    running.stop()
