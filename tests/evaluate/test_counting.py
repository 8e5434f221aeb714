"""Nobody, one, several."""

from __future__ import annotations

from pathlib import Path

from invigil.evaluate.counting import Counted, evaluate_counting, summarise
from invigil.evaluate.reports import counting_page
from invigil.evaluate.results import counting_numbers
from invigil.evaluate.stats import Rate
from invigil.evaluate.tables import Count
from tests.evaluate.data import WordsEngine


def _photo(faces: int, found: int, *, exact: bool = True) -> Counted:
    return Counted(Count(f"{faces}-{found}.jpg", faces, exact), found)


def test_every_rate_counts_its_own_photographs() -> None:
    result = summarise(
        [
            _photo(1, 1),
            _photo(1, 0),
            _photo(1, 2),
            _photo(2, 2),
            _photo(3, 2),
            _photo(60, 41, exact=False),
            _photo(4, 1),
            _photo(0, 0),
        ]
    )
    assert result.several.recall == Rate(3, 4)
    assert result.several.precision == Rate(3, 4)
    assert result.nobody.recall == Rate(1, 1)
    assert result.nobody.precision == Rate(1, 2)
    assert result.missed_single == Rate(1, 3)
    assert result.exact_count == Rate(3, 7)


def test_the_json_has_the_promised_names(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_text("faces=1")
    result = evaluate_counting([Count("one.jpg", 1, True)], tmp_path, WordsEngine())
    numbers = counting_numbers(result)
    assert numbers["photos"] == 1
    assert numbers["missed_single"] == 0
    assert numbers["exact_count"] == 1
    several = numbers["several"]
    assert isinstance(several, dict)
    # There are none, so nothing is known of them.
    assert several == {
        "recall": None,
        "recall_ci": None,
        "precision": None,
        "precision_ci": None,
    }


def test_the_report_names_what_was_taken_for_something_else() -> None:
    html = counting_page(summarise([_photo(1, 1), _photo(5, 1), _photo(9, 0, exact=False)]), [])
    assert "5-1.jpg" in html
    assert "about 9" in html
    assert "1-1.jpg" not in html
