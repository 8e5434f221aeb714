"""Is it the same person? Error rates of the 1:1 comparison, as the product makes it.

Every pair is compared in one direction: `a` is the reference photo (template), `b` the live frame.
No pair is ever dropped in silence. Two ways of counting stand side by side:

- `all_pairs`: the largest (or the central) face is compared even where the quality gate refuses
  the picture, as published protocols do; a picture without any face scores below everything, so
  its pair is a false non-match or a correct rejection. The top of the JSON has these numbers.
- `product`: pairs whose pictures both pass the gate of the check-in. How many are left out, and
  why, is counted beside it (failure to acquire). During an exam somebody may be recognised on some
  of those too, but never be a mismatch.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from invigil.evaluate.bootstrap import Impostors, tar_interval
from invigil.evaluate.identity import numbered
from invigil.evaluate.probe import Look, LookCache, Similarity, Subject, nearness_of_all
from invigil.evaluate.stats import (
    DetPoint,
    Doubles,
    Integers,
    Interval,
    Rate,
    det_curve,
    fold_accuracy,
    share_at_least,
    threshold_at_fmr,
)
from invigil.evaluate.tables import Pair, read_image
from invigil.vision.geometry import Floats

FMRS = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}
# With fewer different-person comparisons than this, all with all says no more than the pairs do.
ENOUGH_CROSS_PAIRS = 10_000
# All with all of so many pictures needs about half a gigabyte. Beyond, every n-th is taken.
_CROSS_IMAGES = 3000
_NO_FACE = -math.inf

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tar:
    """Share of same-person pairs that match where the false match rate is `fmr`."""

    fmr: float
    threshold: float
    value: float
    ci: Interval


@dataclass(frozen=True, slots=True)
class Errors:
    """Error rates at one threshold, over some of the pairs. `skipped`: pairs left out."""

    fmr: Rate
    fnmr: Rate
    skipped: int


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """`cross_pairs`: comparisons of all with all, 0 when only the listed pairs were compared.

    `failure_to_acquire` counts pictures; `refused_*` count pairs that the product does not
    compare. `groups`: by the column of that name, over all pairs.
    """

    models: tuple[str, ...]
    subject: Subject
    threshold: float
    pairs: int
    people: int
    folds: int
    all_pairs: Errors
    product: Errors
    refused_same: Rate
    refused_different: Rate
    tars: dict[str, Tar]
    product_tars: dict[str, Tar]
    accuracy: Rate | None
    product_accuracy: Rate | None
    failure_to_acquire: Rate
    reasons: dict[str, int]
    no_face_found: int
    cross_pairs: int
    cross_fmr: Rate | None
    det: list[DetPoint]
    groups: dict[str, Errors]


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Listed pairs as arrays, shape (n,), and the looks by file."""

    pairs: Sequence[Pair]
    scores: Doubles
    same: NDArray[np.bool_]
    folds: Integers
    usable: NDArray[np.bool_]
    of_a: Integers
    of_b: Integers
    person: dict[str, int]
    looks: dict[str, Look]

    @property
    def people(self) -> int:
        return 1 + max(self.person.values())


def evaluate_verification(
    pairs: Sequence[Pair],
    folder: Path,
    cache: LookCache,
    threshold: float,
    *,
    models: tuple[str, ...],
    subject: Subject = Subject.LARGEST,
    similarity: Similarity = nearness_of_all,
    cross: bool | None = None,
    progress: Progress = lambda _: None,
) -> VerificationResult:
    """`cross` None: all with all when there are enough pictures. `progress` hears each file."""
    data = _arrays(pairs, looks := _looks(pairs, folder, cache, progress), similarity)
    gated = data.usable
    crossed = _cross(data, similarity) if cross is not False else None
    if crossed is not None and cross is None and crossed.total < ENOUGH_CROSS_PAIRS:
        crossed = None
    gated_cross = _cross(data, similarity, usable_only=True) if crossed is not None else None
    everything = np.ones(len(pairs), dtype=bool)
    impostors = crossed or _listed_impostors(data, everything)
    genuine = data.scores[data.same]
    return VerificationResult(
        models=models,
        subject=subject,
        threshold=threshold,
        pairs=len(pairs),
        people=len(set(data.person.values())),
        folds=len(np.unique(data.folds)),
        all_pairs=_errors(data, everything, threshold),
        product=_errors(data, gated, threshold),
        refused_same=_share(~gated[data.same]),
        refused_different=_share(~gated[~data.same]),
        tars=_tars(data, everything, impostors, crossed=crossed is not None),
        product_tars=_tars(
            data,
            gated,
            gated_cross or _listed_impostors(data, gated),
            crossed=crossed is not None,
        ),
        accuracy=fold_accuracy(data.scores, data.same, data.folds),
        product_accuracy=fold_accuracy(data.scores[gated], data.same[gated], data.folds[gated]),
        failure_to_acquire=Rate(sum(bool(look.unusable) for look in looks.values()), len(looks)),
        reasons=_reasons(looks),
        no_face_found=sum(look.live is None for look in looks.values()),
        cross_pairs=crossed.total if crossed else 0,
        cross_fmr=_cross_fmr(crossed, threshold),
        det=det_curve(genuine, impostors.scores),
        groups=_groups(data, threshold),
    )


def _looks(
    pairs: Sequence[Pair], folder: Path, cache: LookCache, progress: Progress
) -> dict[str, Look]:
    looks = {}
    for name in sorted({name for pair in pairs for name in (pair.a, pair.b)}):
        looks[name] = cache.look(read_image(folder, name), folder / name)
        progress(name)
    return looks


def _reasons(looks: dict[str, Look]) -> dict[str, int]:
    """How many pictures the gate refuses for which reason, the most frequent first."""
    reasons = Counter(str(look.unusable) for look in looks.values() if look.unusable)
    return dict(reasons.most_common())


def _arrays(pairs: Sequence[Pair], looks: dict[str, Look], similarity: Similarity) -> _Data:
    person = numbered(pairs)
    return _Data(
        pairs=pairs,
        scores=np.array([_score(looks[pair.a], looks[pair.b], similarity) for pair in pairs]),
        same=np.array([pair.same for pair in pairs]),
        folds=np.array([pair.fold for pair in pairs]),
        usable=np.array([not (looks[pair.a].unusable or looks[pair.b].unusable) for pair in pairs]),
        of_a=np.array([person[pair.a] for pair in pairs]),
        of_b=np.array([person[pair.b] for pair in pairs]),
        person=person,
        looks=looks,
    )


def _score(reference: Look, live: Look, similarity: Similarity) -> float:
    if reference.template is None:
        return _NO_FACE
    template = reference.template.astype(float)[None]
    looks = [features for features in (live.live, live.again) if features is not None]
    return max(
        (float(similarity(template, each.astype(float)[None])[0, 0]) for each in looks),
        default=_NO_FACE,
    )


def _errors(data: _Data, among: NDArray[np.bool_], threshold: float) -> Errors:
    matches = data.scores >= threshold
    return Errors(
        fmr=_share(matches[among & ~data.same]),
        fnmr=_share(~matches[among & data.same]),
        skipped=int((~among).sum()),
    )


def _share(flags: NDArray[np.bool_]) -> Rate:
    return Rate(int(flags.sum()), len(flags))


def _listed_impostors(data: _Data, among: NDArray[np.bool_]) -> Impostors:
    chosen = among & ~data.same
    return Impostors(data.scores[chosen], data.of_a[chosen], data.of_b[chosen], int(chosen.sum()))


def _cross(data: _Data, similarity: Similarity, *, usable_only: bool = False) -> Impostors | None:
    """Every picture as reference against every picture of somebody else as live frame.

    Pictures without a face stay out: they would only add comparisons that cannot match.
    """
    names = [
        name
        for name, look in sorted(data.looks.items())
        if look.live is not None and not (usable_only and look.unusable)
    ]
    names = names[:: math.ceil(len(names) / _CROSS_IMAGES) or 1]
    if not names:
        return None
    people = np.array([data.person[name] for name in names])
    looks = [data.looks[name] for name in names]
    templates = np.stack([look.template for look in looks if look.template is not None])
    # Whoever does not match at the first look is looked at again: at any threshold somebody matches
    # when one of the two looks does.
    scores = np.maximum(
        similarity(templates.astype(float), _stacked(look.live for look in looks)),
        similarity(templates.astype(float), _stacked(look.again for look in looks)),
    )
    different = people[:, None] != people[None, :]
    rows, columns = np.nonzero(different)
    if not len(rows):
        return None
    counts = np.bincount(people, minlength=data.people)
    return Impostors(
        scores[different],
        people[rows],
        people[columns],
        len(rows),
        templates=counts,
        frames=counts,
    )


def _stacked(vectors: Iterable[Floats | None]) -> Doubles:
    return np.stack([vector for vector in vectors if vector is not None]).astype(float)


def _tars(
    data: _Data, among: NDArray[np.bool_], impostors: Impostors, *, crossed: bool
) -> dict[str, Tar]:
    """Without all-with-all comparisons there are too few to speak of 1 in 10,000."""
    genuine, of = data.scores[data.same & among], data.of_a[data.same & among]
    tars: dict[str, Tar] = {}
    if not len(genuine) or not len(impostors.scores):
        return tars
    for name, fmr in FMRS.items():
        if name == "1e-4" and not crossed:
            continue
        threshold = threshold_at_fmr(impostors.scores, fmr)
        value = share_at_least(genuine, threshold)
        interval = tar_interval(genuine, of, impostors, fmr, people=data.people)
        tars[name] = Tar(fmr, threshold, value, interval)
    return tars


def _cross_fmr(crossed: Impostors | None, threshold: float) -> Rate | None:
    return None if crossed is None else _share(crossed.scores >= threshold)


def _groups(data: _Data, threshold: float) -> dict[str, Errors]:
    names = sorted({pair.group for pair in data.pairs} - {""})
    return {
        name: _errors(data, np.array([pair.group == name for pair in data.pairs]), threshold)
        for name in names
    }


def worst_to_best(rates: Sequence[Rate]) -> float | None:
    """How many times as often the worst group errs as the best; None where the best never does."""
    known = [rate.value for rate in rates if rate.value is not None]
    if len(known) <= 1 or min(known) == 0:
        return None
    return max(known) / min(known)
