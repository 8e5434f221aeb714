"""The tables of what may go wrong name tests that there are, and no row is without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    line
    for line in (ROOT / "docs" / "faults.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| fault |", "| threat |", "| --- "))
]
ROWS += [
    line
    for line in (ROOT / "docs" / "live-video.md").read_text().splitlines()
    if line.startswith("| ") and "::" in line
]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_OF_PAGES = re.compile(r"`(web/tests/[\w./-]+\.tsx?)::([^`]+)`")
"""Tests of pages are named by what they say."""


def test_there_is_a_row_for_each() -> None:
    assert len(ROWS) > 55


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_every_row_names_tests_that_exist(row: str) -> None:
    named, of_pages = _NAMED.findall(row), _OF_PAGES.findall(row)
    assert named or of_pages, "no test is named"
    assert len(named) + len(of_pages) == row.count("::"), "a name is not written as names are"
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), f"{path}::{name}"
    for path, title in of_pages:
        assert f'"{title}"' in (ROOT / path).read_text(), f"{path}::{title}"
