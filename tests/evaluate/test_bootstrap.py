"""Intervals over people."""

from __future__ import annotations

import numpy as np

from invigil.evaluate.bootstrap import Impostors, tar_interval


def _all_with_all(values: np.ndarray, people: np.ndarray) -> Impostors:
    scores = 1 - np.abs(values[:, None] - values[None, :])
    different = people[:, None] != people[None, :]
    rows, columns = np.nonzero(different)
    counts = np.bincount(people)
    return Impostors(scores[different], people[rows], people[columns], len(rows), counts, counts)


def test_the_tail_is_the_best_scores_with_their_people() -> None:
    impostors = Impostors(
        np.array([0.1, 0.9, 0.5]), np.array([0, 1, 2]), np.array([3, 4, 5]), total=3
    )
    tail = impostors.tail(2)
    assert tail.scores.tolist() == [0.9, 0.5]
    assert tail.of_template.tolist() == [1, 2]
    assert tail.of_frame.tolist() == [4, 5]
    assert tail.total == 3


def test_the_interval_holds_the_rate_and_repeats() -> None:
    random = np.random.default_rng(3)
    people = np.repeat(np.arange(60), 2)
    values = random.normal(0, 1, 120)
    genuine = 1 - np.abs(random.normal(0, 0.05, 60))
    impostors = _all_with_all(values, people)
    first = tar_interval(genuine, np.arange(60), impostors, 0.05, people=60)
    again = tar_interval(genuine, np.arange(60), impostors, 0.05, people=60)
    assert first == again
    low, high = first
    ordered = np.sort(impostors.scores)[::-1]
    threshold = ordered[int(0.05 * len(ordered))]
    assert low <= (genuine > threshold).mean() <= high
    assert low < high


def test_pairs_of_one_person_stand_or_fall_together() -> None:
    """Ten pairs of each of ten people say less than a hundred pairs of a hundred people."""
    right = np.repeat([1.0] * 8 + [-1.0] * 2, 10)
    nobody = np.linspace(-0.5, 0.5, 200)

    def width(people: int) -> float:
        impostors = Impostors(
            nobody,
            np.arange(200) % people,
            (np.arange(200) + 1) % people,
            total=200,
        )
        of = np.arange(100) * people // 100
        low, high = tar_interval(right, of, impostors, 0.01, people=people)
        return high - low

    assert width(10) > 2 * width(100)
