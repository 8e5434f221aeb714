"""How far a true acceptance rate would move with other people in the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from invigil.evaluate.stats import Doubles, Integers, Interval

_REPLICATES = 1000
_SEED = 20260101
# How much of the impostors' upper tail is kept for each share that is asked for: a replicate may
# put more weight there than the data did.
_TAIL = 4


@dataclass(frozen=True, slots=True, eq=False)
class Impostors:
    """Comparisons of different people: scores, shape (n,), and whose template and frame, (n,).

    `total`: how many comparisons there were, when only the best scores are given.
    `templates`, `frames`: by person, how many templates and frames took part; None when the
    comparisons are listed pairs and not all with all.
    """

    scores: Doubles
    of_template: Integers
    of_frame: Integers
    total: int
    templates: Integers | None = None
    frames: Integers | None = None

    def tail(self, count: int) -> Impostors:
        """The `count` best, best first."""
        count = min(count, len(self.scores))
        best = np.argpartition(-self.scores, count - 1)[:count]
        best = best[np.argsort(-self.scores[best], kind="stable")]
        return Impostors(
            self.scores[best],
            self.of_template[best],
            self.of_frame[best],
            self.total,
            self.templates,
            self.frames,
        )


def tar_interval(
    genuine: Doubles, of_genuine: Integers, impostors: Impostors, fmr: float, *, people: int
) -> Interval:
    """95 % bootstrap interval of the true acceptance rate at `fmr`, over people.

    People are drawn with replacement; every comparison weighs as often as its people were drawn
    (both of them, for two people), and the threshold is found anew each time. Pairs of one
    person stand or fall together, which a bootstrap over pairs would not see. `people`: how many
    there are, with those of whom nothing could be compared.
    """
    tail = impostors.tail(math.ceil(impostors.total * fmr * _TAIL) + 50)
    random = np.random.default_rng(_SEED)
    rates = []
    for _ in range(_REPLICATES):
        weight = random.multinomial(people, np.full(people, 1 / people)).astype(np.int64)
        drawn = weight[of_genuine]
        if not drawn.sum():
            continue
        threshold = _threshold(tail, impostors, weight, fmr)
        rates.append(float(drawn[genuine >= threshold].sum() / drawn.sum()))
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def _threshold(tail: Impostors, everybody: Impostors, weight: Integers, fmr: float) -> float:
    """As `stats.threshold_at_fmr`, with weights."""
    allowed = math.floor(fmr * _total_weight(everybody, weight) + 1e-9)
    reached = np.cumsum(weight[tail.of_template] * weight[tail.of_frame])
    place = int(np.searchsorted(reached, allowed, side="right"))
    place = min(place, len(tail.scores) - 1)
    return float(np.nextafter(tail.scores[place], np.inf))


def _total_weight(impostors: Impostors, weight: Integers) -> int:
    if impostors.templates is None or impostors.frames is None:
        return int((weight[impostors.of_template] * weight[impostors.of_frame]).sum())
    templates, frames = impostors.templates * weight, impostors.frames * weight
    return int(templates.sum() * frames.sum() - (templates * frames).sum())
