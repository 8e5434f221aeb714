"""The papers say what is true of the settings, and mark what only the exam office can know."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from invigil.compliance import facts as facts_module
from invigil.compliance.commands import as_page
from invigil.compliance.facts import facts
from invigil.compliance.report import BLANK, markdown
from invigil.domain.incident import IncidentKind
from invigil.domain.retention import DataClass
from invigil.settings import Settings
from tests.support.process import command

DOCS = Path(__file__).parents[2] / "docs" / "accuracy.md"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
LIVEKIT = {
    "livekit_url": "wss://live.example.edu",
    "livekit_api_key": "key",
    "livekit_api_secret": "north-4711-secret-north-4711-secret",
}


def text_of(**chosen: Any) -> str:
    return markdown(facts(Settings(_env_file=None, **chosen)), NOW)


def rows_of(text: str, heading: str) -> dict[str, list[str]]:
    """Cells of the first table under a heading, by their first."""
    section = text.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table
    lines = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in table[0].strip().splitlines()
    ]
    return {cells[0].strip("| "): cells for cells in lines[2:]}


def test_the_detectors_are_those_that_are_enabled() -> None:
    every = {kind.value for kind in IncidentKind}
    tap = {IncidentKind.FRAMES_DO_NOT_MATCH_VIDEO.value}
    assert set(rows_of(text_of(), "3. Detectors")) == every - tap
    assert set(rows_of(text_of(livekit_tap_seconds=30, **LIVEKIT), "3. Detectors")) == every


def test_the_retentions_are_those_that_are_set() -> None:
    names = {each.value for each in DataClass} | {"audit"}
    rows = rows_of(text_of(), "1. What is kept")
    assert set(rows) == names
    assert "at most 2 days" in rows["templates"][2]
    assert "as many days as the session says" in rows["evidence"][2]
    rows = rows_of(
        text_of(retention_evidence_days=40, retention_records_days=30), "1. What is kept"
    )
    assert "at most 30 days" in rows["evidence"][2], "nothing outlives its records"
    assert "at most 30 days" in rows["records"][2]
    assert "at most 1 day," in rows["stills"][2]


@pytest.mark.parametrize(
    ("chosen", "where", "outside"),
    [
        ({}, "SQLite in the data folder", "no"),
        ({"database_url": "postgresql://u:north-4711@db.example/x"}, "at db.example", "no"),
        ({"evidence_url": "s3://exams/here"}, "s3://exams/here", "yes"),
        ({"evidence_url": "imgur:", "imgur_client_id": "abc"}, "Imgur", "yes"),
        ({"feed_url": "redis://:north-4711@cache.example:6379/0"}, "Redis at cache.example", "no"),
        ({"meetings": "livekit", **LIVEKIT}, "LiveKit at wss://live.example.edu", "yes"),
        ({"turn_urls": "turn:turn.example:3478", "turn_secret": "north-4711"}, "turn:turn", "yes"),
        ({"traces": True}, "OTEL_EXPORTER_OTLP_ENDPOINT", "yes"),
    ],
)
def test_where_data_goes_without_any_secret(
    chosen: dict[str, Any], where: str, outside: str
) -> None:
    text = text_of(**chosen)
    rows = [row for row in rows_of(text, "2. Where").values() if where in row[1]]
    assert [row[2].rstrip(" |") for row in rows] == [outside]
    assert "north-4711" not in text


def test_every_error_rate_is_one_of_the_page_about_accuracy() -> None:
    page = " ".join(DOCS.read_text().split())
    measured = tomllib.loads(facts_module._MEASURED.read_text())
    for rates in measured["rates"].values():
        for rate in rates:
            assert rate["says"] in page, rate
            assert rate["says"] in text_of()
    assert measured["date"] in text_of()


def test_an_engine_that_was_not_measured_has_no_rates() -> None:
    text = text_of(vision="yunet-sface")
    assert "nothing was measured here" in text
    assert all(row[3].startswith("not measured") for row in rows_of(text, "3. Detectors").values())
    assert "yunet" in text
    assert "blazeface" not in text


def test_all_headings_of_annex_iv_are_there_and_blanks_are_marked() -> None:
    text = text_of()
    outline = text.split("## 5. Technical", 1)[1]
    assert [int(n) for n in re.findall(r"^### (\d)\. ", outline, re.MULTILINE)] == [*range(1, 10)]
    assert text.count(BLANK) > 15
    assert "{" not in text


def test_public_pictures_are_not_called_encrypted() -> None:
    assert "encrypted with a key" in text_of()
    text = text_of(evidence_url="imgur:", imgur_client_id="abc")
    assert "PUBLIC at Imgur" in text
    assert "encrypted with a key" not in text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    url = "file:///a<script>alert(1)</script>"
    html = as_page(text_of(evidence_url=url))
    found = _Page()
    found.feed(html)
    assert found.links == []
    assert "script" not in found.tags
    assert found.tags.count("table") >= 5
    assert found.tags.count("h1") == 1


async def test_from_the_command_line(tmp_path: Path) -> None:
    at = {"INVIGIL_RETENTION_EVIDENCE_DAYS": "13"}
    code, said = await command("compliance", "report", cwd=tmp_path, **at)
    assert (code, "at most 13 days" in said) == (0, True), said
    for name in ("papers.html", "papers.md"):
        code, said = await command("compliance", "report", "--out", name, cwd=tmp_path, **at)
        assert code == 0, said
        assert "at most 13 days" in (tmp_path / name).read_text()
    assert not (tmp_path / "invigil-data").exists(), "nothing is made by writing papers"
