"""Lists of candidates as CSV: read strictly, written so that no spreadsheet runs a cell."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from invigil.domain.accommodations import (
    CAN_BE_OFF,
    MOST_BREAK_MINUTES,
    MOST_BREAKS,
    MOST_EXTRA_PERCENT,
    MOST_SECONDS,
    Accommodations,
)
from invigil.domain.errors import RosterRefused
from invigil.domain.incident import IncidentKind
from invigil.services.spreadsheet import harmless

MOST_LINES = 10_000
MOST_NAMED = 50
"""Wrong lines that the refusal names; a file with more has one mistake in all of them."""

_COLUMNS: Mapping[str, str] = {
    "name": "name",
    "email": "email",
    "e mail": "email",
    "external id": "external_id",
    "window start": "opens_at",
    "window end": "closes_at",
    "extra time": "extra_time",
    "detectors off": "detectors_off",
    "picture every s": "sampling_interval_s",
    "breaks": "breaks",
    "break minutes": "break_minutes",
}
_NEEDED = "name"
_LONGEST = {"name": 200, "email": 254, "external_id": 200}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PERCENT = re.compile(r"(\d{1,3}) ?%")
_TIMES = re.compile(r"([1-4])(?:[.,](\d{1,2}))?")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list, at line `line` of the file (the header is line 1)."""

    line: int
    name: str
    email: str | None
    external_id: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    accommodations: Accommodations


class _Wrong(Exception):
    """What is wrong with one cell, in words."""


def read(data: bytes, zone: tzinfo | None = None, now: datetime | None = None) -> list[Row]:
    """The rows of a CSV file, UTF-8 with or without a byte order mark, `,` or `;` between cells.

    `zone`: of times that name none; without one such times are refused. `now`: a window that is
    over by then could let nobody in, so it is a mistake. Raises `RosterRefused` that names every
    line that is wrong.
    """
    lines = _lines(_text(data))
    columns = _header(lines)
    rows: list[Row] = []
    wrong: list[str] = []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(number, cells, columns, zone)
            _require_not_over(row, now)
            rows.append(row)
        except _Wrong as problem:
            wrong.append(f"Line {number}: {problem}")
    refuse(wrong)
    if not rows:
        raise RosterRefused("Line 1: there is nobody on this list below its header.")
    if len(rows) > MOST_LINES:
        raise RosterRefused(f"The list has more than {MOST_LINES} people: import it in parts.")
    return rows


def refuse(wrong: Sequence[str]) -> None:
    """Raise `RosterRefused` when there is anything wrong."""
    if not wrong:
        return
    more = len(wrong) - MOST_NAMED
    named = [*wrong[:MOST_NAMED], *([f"And {more} more lines."] if more > 0 else [])]
    raise RosterRefused("\n".join(named))


def written(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV for spreadsheets: a cell that one would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([harmless(x) for x in row])
    return out.getvalue()


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RosterRefused(
            f"Line {line}: this is not UTF-8. Save the file as “CSV UTF-8” and import it again."
        ) from None


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line that it begins in."""
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise RosterRefused(
                f"Line {number}: the quotation marks do not fit ({error})."
            ) from None
        if cells is None:
            return
        yield number, cells
        number = reader.line_num + 1


def _header(lines: Iterator[tuple[int, list[str]]]) -> list[str]:
    _, cells = next(lines, (1, []))
    names = [" ".join(re.sub(r"[_\-()]", " ", cell).casefold().split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    unknown = [
        cell.strip() for cell, name in zip(cells, names, strict=False) if name not in _COLUMNS
    ]
    if unknown:
        raise RosterRefused(
            f"Line 1: unknown columns: {', '.join(unknown)}. Known are: {', '.join(_COLUMNS)}."
        )
    columns = [_COLUMNS[name] for name in names]
    if _NEEDED not in columns:
        raise RosterRefused("Line 1: there is no column “name” in the header.")
    if len(set(columns)) < len(columns):
        raise RosterRefused("Line 1: a column is there twice.")
    return columns


def _row(line: int, cells: list[str], columns: list[str], zone: tzinfo | None) -> Row:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise _Wrong("there are more cells than columns in the header.")
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    for name, cell in given.items():
        _require_plain(name, cell)
    if not given.get("name"):
        raise _Wrong("the name is missing.")
    email = given.get("email") or None
    if email and not _EMAIL.fullmatch(email):
        raise _Wrong(f"“{email}” is not an email address.")
    opens_at = _when(given.get("opens_at"), "window start", zone)
    closes_at = _when(given.get("closes_at"), "window end", zone)
    if opens_at and closes_at and closes_at <= opens_at:
        raise _Wrong("the window ends before it starts.")
    return Row(
        line=line,
        name=given["name"],
        email=email,
        external_id=given.get("external_id") or None,
        opens_at=opens_at,
        closes_at=closes_at,
        accommodations=_accommodations(given),
    )


def _require_not_over(row: Row, now: datetime | None) -> None:
    if now and row.closes_at and row.closes_at <= now:
        end = row.closes_at.strftime("%Y-%m-%d %H:%M")
        raise _Wrong(f"the window is over already: it ended at {end} UTC.")


def _require_plain(column: str, cell: str) -> None:
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in cell):
        raise _Wrong(f"{column} holds a line break or a control character.")
    if len(cell) > _LONGEST.get(column, 200):
        raise _Wrong(f"{column} is longer than {_LONGEST.get(column, 200)} characters.")


def _when(cell: str | None, column: str, zone: tzinfo | None) -> datetime | None:
    if not cell:
        return None
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        raise _Wrong(f"{column}: “{cell}” is not a time such as 2026-11-23 09:00.") from None
    if found.tzinfo is None and zone is None:
        raise _Wrong(
            f"{column}: “{cell}” names no time zone. "
            "Write 2026-11-23T09:00+01:00, or choose a zone."
        )
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # at either end of the calendar there is no such time in UTC
        raise _Wrong(f"{column}: “{cell}” is too far away.") from None


def _accommodations(given: Mapping[str, str]) -> Accommodations:
    breaks = _whole(given.get("breaks"), "breaks", MOST_BREAKS)
    minutes = _whole(given.get("break_minutes"), "break minutes", MOST_BREAK_MINUTES)
    if bool(breaks) != bool(minutes):
        raise _Wrong("breaks and break minutes belong together: give both or none.")
    return Accommodations(
        detectors_off=_off(given.get("detectors_off")),
        sampling_interval_s=_whole(
            given.get("sampling_interval_s"), "picture every (s)", MOST_SECONDS
        )
        or None,
        breaks=breaks,
        break_minutes=minutes,
        extra_time_percent=_optional(given.get("extra_time"), _percent) or 0,
    )


def _optional(cell: str | None, parse: Callable[[str], _T]) -> _T | None:
    return parse(cell) if cell else None


def _whole(cell: str | None, column: str, most: int) -> int:
    if not cell:
        return 0
    if not (cell.isascii() and cell.isdigit()) or int(cell[:6]) > most:
        raise _Wrong(f"{column}: “{cell}” is not a whole number up to {most}.")
    return int(cell)


def _percent(cell: str) -> int:
    """`25 %`, or 1.25 times the time."""
    if found := _PERCENT.fullmatch(cell):
        percent = int(found[1])
    elif found := _TIMES.fullmatch(cell):
        percent = (int(found[1]) - 1) * 100 + int((found[2] or "0").ljust(2, "0"))
    else:
        raise _Wrong(f"extra time: write “{cell}” as 25 % or as 1.25 (times the usual time).")
    if percent > MOST_EXTRA_PERCENT:
        raise _Wrong(f"extra time: at most {MOST_EXTRA_PERCENT} %.")
    return percent


def _off(cell: str | None) -> frozenset[IncidentKind]:
    words = re.split(r"[\s,;+]+", cell.casefold().strip()) if cell else []
    unknown = [word for word in words if word not in set(CAN_BE_OFF)]
    if unknown:
        raise _Wrong(f"detectors off: {', '.join(unknown)} is not one of {', '.join(CAN_BE_OFF)}.")
    return frozenset(IncidentKind(word) for word in words)
