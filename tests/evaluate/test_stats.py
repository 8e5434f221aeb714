"""The arithmetic: against values worked out by hand, and properties that have to hold."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invigil.domain.proportion import wilson
from invigil.evaluate.stats import (
    Rate,
    best_threshold,
    det_curve,
    events_per_hour_ci,
    fold_accuracy,
    median_ci,
    share_at_least,
    threshold_at_fmr,
)

scores = st.lists(st.integers(-20, 20).map(lambda n: n / 20), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (1, 100, 0.0018, 0.0545),
    ],
)
def test_wilson_gives_the_published_values(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_stays_a_share(of: tuple[int, int]) -> None:
    low, high = wilson(*of)
    assert 0 <= low <= of[0] / of[1] <= high <= 1
    assert low < high


@pytest.mark.parametrize(("hits", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_proportion(hits: int, total: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(hits, total)


def test_a_rate_of_nothing_is_unknown_not_zero() -> None:
    assert Rate(0, 0).value is None
    assert Rate(0, 0).ci is None


def test_no_event_still_leaves_room_for_some() -> None:
    low, high = events_per_hour_ci(0, 100)
    assert low == 0
    assert high == pytest.approx(3.689 / 100, abs=1e-4)


def test_event_rates_agree_with_the_exact_poisson_interval() -> None:
    # Exact for 10 events: 4.795 to 18.39.
    assert events_per_hour_ci(10, 2) == pytest.approx((4.795 / 2, 18.39 / 2), rel=5e-3)


def test_threshold_lets_exactly_the_allowed_number_through() -> None:
    impostors = np.arange(1000) / 1000
    threshold = threshold_at_fmr(impostors, 0.001)
    assert (impostors >= threshold).sum() == 1
    assert 0.998 < threshold <= 0.999


def test_scores_that_tie_with_the_first_too_many_are_all_shut_out() -> None:
    impostors = np.array([0.1, 0.2, 0.9, 0.9, 0.9])
    threshold = threshold_at_fmr(impostors, 0.4)  # two of five are allowed; three tie
    assert (impostors >= threshold).sum() == 0
    assert share_at_least(np.array([0.9, 0.95]), threshold) == 0.5


def test_a_threshold_for_everybody_shuts_nobody_out() -> None:
    assert threshold_at_fmr(np.array([0.1, 0.2]), 1.0) == -math.inf


@given(scores, st.floats(0, 1))
def test_the_false_match_rate_is_never_above_the_one_asked_for(
    values: list[float], fmr: float
) -> None:
    impostors = np.array(values)
    threshold = threshold_at_fmr(impostors, fmr)
    assert share_at_least(impostors, threshold) <= fmr + 1e-9
    if threshold > -math.inf:
        # A lower threshold would let too many through.
        lower = float(np.nextafter(threshold, -np.inf))
        assert share_at_least(impostors, lower) > fmr


@given(scores, scores)
def test_the_det_curve_trades_one_error_for_the_other(
    genuine: list[float], impostors: list[float]
) -> None:
    curve = det_curve(np.array(genuine), np.array(impostors))
    for before, after in pairwise(curve):
        assert before.threshold < after.threshold
        assert before.fmr >= after.fmr
        assert before.fnmr <= after.fnmr
    for point in curve:
        assert point.fmr == pytest.approx(share_at_least(np.array(impostors), point.threshold))
        assert point.fnmr == pytest.approx(1 - share_at_least(np.array(genuine), point.threshold))


def test_best_threshold_separates_what_can_be_separated() -> None:
    threshold = best_threshold(np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True]))
    assert threshold == pytest.approx(0.5)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30))
def test_no_threshold_beats_the_best_one(answers: list[tuple[int, bool]]) -> None:
    values = np.array([float(score) for score, _ in answers])
    same = np.array([is_same for _, is_same in answers])

    def right(threshold: float) -> int:
        return int(((values >= threshold) == same).sum())

    best = right(best_threshold(values, same))
    assert best == max(right(threshold) for threshold in (*(values + 0.5), -1.0))


def test_every_fold_is_judged_by_the_others() -> None:
    # By itself each fold could be split without an error; by the other's threshold it cannot.
    values = np.array([0.1, 0.3, 0.6, 0.8])
    same = np.array([False, True, False, True])
    folds = np.array([1, 1, 2, 2])
    assert fold_accuracy(values, same, folds) == Rate(2, 4)


def test_one_fold_has_no_accuracy() -> None:
    assert fold_accuracy(np.array([1.0]), np.array([True]), np.array([1])) is None


def test_the_median_lies_within_its_interval() -> None:
    low, high = median_ci([float(n) for n in range(101)]) or (0, 0)
    assert low <= 50 <= high
    assert (low, high) == (40, 61)
    assert median_ci([]) is None
