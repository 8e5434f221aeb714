"""CSV tables and pictures from disk. What is wrong with them is said in one sentence."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class BadInput(Exception):
    """The data cannot be used. The message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`a` serves as the reference photo, `b` as the live frame. `group`: "" without a column."""

    a: str
    b: str
    same: bool
    fold: int
    group: str


@dataclass(frozen=True, slots=True)
class Count:
    """`exact` False: there are at least `faces`, roughly."""

    file: str
    faces: int
    exact: bool


def read_pairs(path: Path) -> list[Pair]:
    """Columns a, b, same (0 or 1), fold (a whole number) and, if there is one, group."""
    pairs = [
        Pair(
            row["a"],
            row["b"],
            _flag(path, line, row, "same"),
            _whole(path, line, row, "fold"),
            row.get("group") or "",
        )
        for line, row in _rows(path, ("a", "b", "same", "fold"))
    ]
    if not any(pair.same for pair in pairs) or all(pair.same for pair in pairs):
        raise BadInput(f"{path} needs pairs of the same person and pairs of different people.")
    return pairs


def read_counts(path: Path) -> list[Count]:
    """Columns file, faces (a whole number) and exact (0 means "many")."""
    return [
        Count(row["file"], _whole(path, line, row, "faces"), _flag(path, line, row, "exact"))
        for line, row in _rows(path, ("file", "faces", "exact"))
    ]


def read_image(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise BadInput(f"The picture {path} cannot be read: {reason}.") from error


def require_folder(path: Path) -> None:
    if not path.is_dir():
        raise BadInput(f"{path} is not a folder.")


def require_writable(*paths: Path | None) -> None:
    """Raise `BadInput` where something is to be written after the work and cannot be."""
    for path in paths:
        if path is None:
            continue
        new = not path.exists()
        with writing(path), path.open("ab"):
            pass
        if new:
            path.unlink()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise `BadInput` in the place of the system's error."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error


def _rows(path: Path, needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Every row with its line number in the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise BadInput(f"{path} has no column {', '.join(missing)} in its first line.")
            rows = [(reader.line_num, row) for row in reader]
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read as CSV: {error}.") from error
    if not rows:
        raise BadInput(f"{path} has no rows.")
    for line, row in rows:
        empty = [name for name in needed if not row[name]]
        if empty:
            raise BadInput(f"{path}, line {line}: {', '.join(empty)} is empty.")
    return rows


def _whole(path: Path, line: int, row: dict[str, str], name: str) -> int:
    text = row[name].strip()
    if not text.isascii() or not text.isdigit():
        raise BadInput(f"{path}, line {line}: {name} must be a whole number, not {text!r}.")
    return int(text)


def _flag(path: Path, line: int, row: dict[str, str], name: str) -> bool:
    text = row[name].strip()
    if text not in {"0", "1"}:
        raise BadInput(f"{path}, line {line}: {name} must be 0 or 1, not {text!r}.")
    return text == "1"
