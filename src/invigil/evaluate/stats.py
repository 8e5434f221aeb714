"""Rates, intervals and thresholds. Pure numpy; a score is a similarity, a match is score >= t."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from invigil.domain.proportion import wilson

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Interval = tuple[float, float]

# Two-sided 95 % of the normal distribution.
_Z = 1.959963984540054
_LEAST_FOLDS = 2


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `total`. Without any trial there is no rate, which is not the same as 0."""

    hits: int
    total: int

    @property
    def value(self) -> float | None:
        return self.hits / self.total if self.total else None

    @property
    def ci(self) -> Interval | None:
        return wilson(self.hits, self.total) if self.total else None


def events_per_hour_ci(count: int, hours: float) -> Interval:
    """The 95 % interval of a Poisson rate: exact at zero, else Byar's approximation."""
    if hours <= 0:
        raise ValueError("a rate needs time")
    if count == 0:
        return 0.0, -math.log(0.025) / hours
    low = count * (1 - 1 / (9 * count) - _Z / (3 * math.sqrt(count))) ** 3
    more = count + 1
    high = more * (1 - 1 / (9 * more) + _Z / (3 * math.sqrt(more))) ** 3
    return max(0.0, low) / hours, high / hours


def threshold_at_fmr(impostors: Doubles, fmr: float) -> float:
    """The lowest threshold at which at most a share `fmr` of `impostors` (any order) matches.

    Scores that tie with the first one too many are all shut out, so that the false match rate
    is never above the one asked for.
    """
    if not len(impostors):
        raise ValueError("a false match rate needs comparisons of different people")
    # The small addition undoes 0.001 * 1000 = 0.9999..
    allowed = math.floor(fmr * len(impostors) + 1e-9)
    if allowed >= len(impostors):
        return -math.inf
    first_too_many = np.partition(impostors, len(impostors) - 1 - allowed)[
        len(impostors) - 1 - allowed
    ]
    return float(np.nextafter(first_too_many, np.inf))


def share_at_least(scores: Doubles, threshold: float) -> float:
    """Share of `scores` that match at `threshold`."""
    return float((scores >= threshold).mean())


@dataclass(frozen=True, slots=True)
class DetPoint:
    threshold: float
    fmr: float
    fnmr: float


def det_curve(genuine: Doubles, impostors: Doubles, points: int = 200) -> list[DetPoint]:
    """The trade between the two errors, by rising threshold: FMR never rises, FNMR never falls.

    The points are spread evenly over the logarithm of the false match rate.
    """
    genuine, impostors = np.sort(genuine), np.sort(impostors)
    rates = np.logspace(-math.log10(max(len(impostors), 10)), 0, points)
    places = np.floor(len(impostors) * (1 - rates)).astype(int).clip(0, len(impostors) - 1)
    thresholds = np.unique(
        np.concatenate([impostors[places], genuine[:: max(1, len(genuine) // points)]])
    )
    false_matches = len(impostors) - np.searchsorted(impostors, thresholds, side="left")
    false_non_matches = np.searchsorted(genuine, thresholds, side="left")
    return [
        DetPoint(float(t), float(fm / len(impostors)), float(fn / len(genuine)))
        for t, fm, fn in zip(thresholds, false_matches, false_non_matches, strict=True)
    ]


def best_threshold(scores: Doubles, same: NDArray[np.bool_]) -> float:
    """The threshold with the fewest wrong answers; of several, the middle one."""
    order = np.argsort(scores, kind="stable")
    ordered, truth = scores[order], same[order]
    # With the threshold before place i, everything from i on matches.
    wrong_below = np.concatenate([[0], np.cumsum(truth)])
    wrong_above = np.concatenate([np.cumsum(~truth[::-1])[::-1], [0]])
    wrong = (wrong_below + wrong_above).astype(float)
    tied = np.concatenate([[False], ordered[1:] == ordered[:-1], [False]])
    wrong[tied] = np.inf
    best = np.flatnonzero(wrong == wrong.min())
    place = int(best[len(best) // 2])
    if place in {0, len(ordered)}:
        return float(ordered[0] if place == 0 else np.nextafter(ordered[-1], np.inf))
    low, high = float(ordered[place - 1]), float(ordered[place])
    middle = (low + high) / 2
    return middle if math.isfinite(middle) else high


def fold_accuracy(scores: Doubles, same: NDArray[np.bool_], folds: Integers) -> Rate | None:
    """Right answers when each fold is judged by the threshold that was best on all the others.

    None with fewer than two folds: a threshold is never judged by the pairs that set it.
    """
    names = np.unique(folds)
    if len(names) < _LEAST_FOLDS:
        return None
    right = 0
    for name in names:
        held_out = folds == name
        threshold = best_threshold(scores[~held_out], same[~held_out])
        right += int(((scores[held_out] >= threshold) == same[held_out]).sum())
    return Rate(right, len(scores))


def median_ci(values: Sequence[float]) -> Interval | None:
    """The 95 % interval of a median by ranks: no assumption about the distribution."""
    if not values:
        return None
    ordered = sorted(values)
    half = _Z * math.sqrt(len(ordered)) / 2
    low = max(0, math.floor(len(ordered) / 2 - half))
    high = min(len(ordered) - 1, math.ceil(len(ordered) / 2 + half))
    return ordered[low], ordered[high]
