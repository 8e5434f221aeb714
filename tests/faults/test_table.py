"""The table of faults names tests that there are, and no row is without one."""

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
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_there_is_a_row_for_each() -> None:
    assert len(ROWS) > 45


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_every_row_names_tests_that_exist(row: str) -> None:
    named = _NAMED.findall(row)
    assert named, "no test is named"
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), f"{path}::{name}"
