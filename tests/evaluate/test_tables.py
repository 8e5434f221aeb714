"""What can be wrong with the data is said in one sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from invigil.evaluate.identity import numbered, stem
from invigil.evaluate.tables import BadInput, Count, Pair, read_counts, read_image, read_pairs
from tests.evaluate.data import write_table

HEADS = ("a", "b", "same", "fold")


def test_pairs_with_and_without_a_group(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "p.csv",
        (*HEADS, "group"),
        [("a.jpg", "b.jpg", 1, 1, "old"), ("a.jpg", "c.jpg", 0, 2, "")],
    )
    assert read_pairs(path) == [
        Pair("a.jpg", "b.jpg", True, 1, "old"),
        Pair("a.jpg", "c.jpg", False, 2, ""),
    ]


def test_counts_may_have_further_columns(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "c.csv", ("file", "faces", "exact", "licence"), [("x.jpg", 60, 0, "MIT")]
    )
    assert read_counts(path) == [Count("x.jpg", 60, exact=False)]


@pytest.mark.parametrize(
    ("heads", "rows", "says"),
    [
        (("a", "b", "same"), [("x", "y", 1)], "no column fold"),
        (HEADS, [], "no rows"),
        (HEADS, [("x", "y", "yes", 1)], "line 2: same must be 0 or 1"),
        (HEADS, [("x", "y", 1, "one")], "line 2: fold must be a whole number"),
        (HEADS, [("x", "", 1, 1)], "line 2: b is empty"),
        (HEADS, [("x", "y", 1, 1)], "pairs of different people"),
    ],
)
def test_a_wrong_table_is_refused(
    tmp_path: Path, heads: tuple[str, ...], rows: list[tuple[object, ...]], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        read_pairs(write_table(tmp_path / "p.csv", heads, rows))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file .*nowhere\.csv"):
        read_pairs(tmp_path / "nowhere.csv")
    with pytest.raises(BadInput, match=r"gone\.jpg cannot be read: there is no such file"):
        read_image(tmp_path, "gone.jpg")


def test_a_name_without_its_number_is_the_person() -> None:
    assert stem("Jo_Doe_0003.jpg") == stem("Jo_Doe_0012.png")
    assert stem("class/Jo_Doe_0003.jpg") != stem("Jo_Doe_0003.jpg")
    assert stem("Jo_Doe_31.jpg") != stem("Jo_Doe_32.jpg")


def test_people_are_joined_by_names_and_by_pairs() -> None:
    pairs = [
        Pair("A_0001.jpg", "x.jpg", True, 1, ""),
        Pair("x.jpg", "y.jpg", True, 1, ""),
        Pair("A_0002.jpg", "B_0001.jpg", False, 1, ""),
    ]
    person = numbered(pairs)
    assert person["A_0002.jpg"] == person["y.jpg"] != person["B_0001.jpg"]


def test_a_table_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(BadInput, match="called different people"):
        numbered([Pair("A_0001.jpg", "A_0002.jpg", False, 1, "")])
