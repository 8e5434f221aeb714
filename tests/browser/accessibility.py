"""axe over one page, light and dark and at several widths, and nothing wider than the page."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

PROCTOR_WIDTHS = (1280, 768)
CANDIDATE_WIDTHS = (1280, 375)
_HEIGHT = 800
_TRIES = 4
_REPAINT_MS = 500

_RUN = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .flatMap(({ id, help, nodes }) => nodes.map((node) => {
    const why = [...node.any, ...node.all, ...node.none].map(({ message }) => message).join("; ");
    return `${id} (${help}): ${node.target} ${node.html.slice(0, 160)} ${why.slice(0, 200)}`;
  }))
"""
# Colours that are still on their way to the other scheme are none that anybody reads.
_SETTLED = """
() => Promise.allSettled(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
  .map((each) => each.finished))
"""
# Wider than the page, or cut off at an edge that hides what is beyond it.
_TOO_WIDE = """
() => {
  const room = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth > room;
  const told = (why, each) => `${why}: ${each.outerHTML.slice(0, 140)}`;
  return [...document.querySelectorAll("body *")].flatMap((each) => {
    const { overflowX, textOverflow, clipPath } = getComputedStyle(each);
    if (wide && each.getBoundingClientRect().right > room + 1) return [told("too wide", each)];
    const hides = overflowX === "hidden" || overflowX === "clip";
    const meant = textOverflow === "ellipsis" || clipPath !== "none" || !each.innerText?.trim();
    const cut = each.scrollWidth > each.clientWidth + 1;
    return hides && cut && !meant ? [told("cut off", each)] : [];
  }).slice(0, 6);
}
"""


def show(page: Page, name: str) -> None:
    """A picture of the page for whoever wants to look: INVIGIL_TEST_SCREENSHOTS names a folder."""
    if folder := os.environ.get("INVIGIL_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


class Findings:
    """What is wrong on any of the pages, so that one run tells all of it."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def look(self, page: Page, state: str, widths: tuple[int, ...]) -> None:
        """Look at the page as it is now, and leave it as it was."""
        before = page.viewport_size
        for width in widths:
            page.set_viewport_size({"width": width, "height": _HEIGHT})
            self._note(f"{state}, {width} px", _lasting(page, _TOO_WIDE))
            schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
            for scheme in schemes:
                page.emulate_media(color_scheme=scheme)
                page.locator(f"html[data-mantine-color-scheme={scheme}]").wait_for()
                page.evaluate(_axe())
                self._note(f"{state}, {width} px, {scheme}", _lasting(page, _RUN))
                show(page, f"{state.replace(' ', '-')}-{width}-{scheme}")
        page.emulate_media(color_scheme="light")
        if before is not None:
            page.set_viewport_size(before)

    def _note(self, where: str, found: Any) -> None:
        self.all.extend(f"{where}: {each}" for each in found)

    def __str__(self) -> str:
        return "\n".join(self.all)


def _lasting(page: Page, script: str) -> Any:
    """What is found, and found again: a page that changes size or scheme does so part by part."""
    found: Any = []
    for _ in range(_TRIES):
        page.evaluate(_SETTLED)
        found = page.evaluate(script)
        if not found:
            break
        page.wait_for_timeout(_REPAINT_MS)
    return found


@cache
def _axe() -> str:
    # Evaluated by the browser's debugger, so that the page's own policy stays as it is.
    return AXE.read_text(encoding="utf-8")
