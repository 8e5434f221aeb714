"""1:1 verification: features of one frame against the templates of one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from invigil.domain.observation import Identity, Template, TemplateKind
from invigil.vision.geometry import Floats
from invigil.vision.registry import ComparisonThresholds, SecondLookWeights

Thresholds = Mapping[TemplateKind, ComparisonThresholds]
Score = Callable[[Floats, Floats], float]


class Compared(NamedTuple):
    """`score`: the best over all templates. `matched`: the kinds of those that match."""

    identity: Identity
    score: float | None = None
    matched: tuple[TemplateKind, ...] = ()


def nearness(features: Floats, vectors: Floats) -> float:
    """1 - L2 distance to the nearest of `vectors`."""
    return 1.0 - float(np.linalg.norm(vectors - features, axis=1).min())


def directional_nearness(features: Floats, vectors: Floats) -> float:
    """1 - L2 distance to the nearest of `vectors`, all brought to length 1.

    The length of the ResNet's features tells more about the picture than about the person: without
    it, more of the same people match at the same rate of false matches.
    """
    return 1.0 - float(np.linalg.norm(directions(vectors) - directions(features), axis=1).min())


def joint_nearness(features: Floats, vectors: Floats) -> float:
    """`nearness` of what `joint` gives; `features` may also be the ResNet's alone, shape (d,).

    The ResNet alone is then compared with its part of `vectors`, (n, d + e), by direction. That
    these are as wide as that is for `comparable` to see to: any wider would do here.
    """
    if len(features) == vectors.shape[1]:
        return nearness(features, vectors)
    return directional_nearness(features, vectors[:, : len(features)])


def joint(resnet: Floats, other: Floats, weights: SecondLookWeights) -> Floats:
    """The features of one face by the ResNet (d,) and by a second network (e,) as one vector.

    The distance of two squared is the weighted sum of both squared distances at length 1.
    """
    parts = (weights.resnet**0.5 * directions(resnet), weights.other**0.5 * directions(other))
    return np.asarray(np.concatenate(parts), dtype=np.float32)


def unlikeness(features: Floats, others: Floats) -> float:
    """L2 distance of two features brought to length 1, shape (d,) each."""
    return float(np.linalg.norm(directions(features) - directions(others)))


def cosine(features: Floats, vectors: Floats) -> float:
    """Cosine of the angle to the nearest of `vectors`."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(features)
    return float((vectors @ features / np.maximum(lengths, np.finfo(np.float32).tiny)).max())


def comparable(templates: Sequence[Template], model: str, width: int) -> list[Template]:
    """Those that this model made, and that hold features as wide as it makes them.

    Two models' features never meet. What was cut elsewhere would be nobody's.
    """
    return [each for each in templates if each.model == model and each.width == width]


def compare(
    features: Floats,
    templates: Sequence[Template],
    thresholds: Thresholds,
    score: Score = nearness,
    *,
    accusing: Floats | None = None,
    doubt: float = 0.0,
    clear: bool = False,
    before: Compared | None = None,
) -> Compared:
    """The outcome over all templates.

    One template that matches is enough, by these features or those of the look `before` (given if
    it matched). On a `clear` frame the reference photo alone is not: on average the scores of all
    must reach thresholds of their own then.

    So they have in a mismatch: on average the scores lie below the thresholds, by more than `doubt`
    (`quality.doubt`). `accusing`: features whose scores these are, when not `features`; on a clear
    frame those of `features` may as well, below thresholds of their own. What was set for two
    templates together never counts for one.
    """
    scores = [(template.kind, template_score(features, template, score)) for template in templates]
    if not scores:
        return Compared(Identity.NOT_COMPARED)
    best = max(value for _, value in scores)
    matched = tuple(kind for kind, value in scores if value >= thresholds[kind].match)
    if before is not None:
        matched += before.matched
        best = max(best, before.score or best)
    if matched:
        least = photo_needs(templates, thresholds, matched) if clear else None
        unsure = least and _mean_margin(features, templates, score, least) < 0
        return Compared(Identity.UNCERTAIN if unsure else Identity.MATCH, best, matched)
    told_by = features if accusing is None else accusing
    limits = [thresholds[template.kind].mismatch for template in templates]
    if _mean_margin(told_by, templates, score, limits) < -doubt:
        return Compared(Identity.MISMATCH, best)
    stricter = _together([thresholds[each.kind].clear_mismatch for each in templates])
    if clear and stricter and _mean_margin(features, templates, score, stricter) < -doubt:
        return Compared(Identity.MISMATCH, best)
    return Compared(Identity.UNCERTAIN, best)


def _mean_margin(
    features: Floats, templates: Sequence[Template], score: Score, limits: Sequence[float]
) -> float:
    """How far above their limits the scores lie, on average."""
    margins = [
        template_score(features, template, score) - limit
        for template, limit in zip(templates, limits, strict=True)
    ]
    return sum(margins) / len(margins)


def photo_needs(
    templates: Sequence[Template], thresholds: Thresholds, matched: Sequence[TemplateKind]
) -> list[float] | None:
    """What the scores must reach on average on a clear frame where only the photo matches.

    None where it needs nothing: the session's own template matches too, or there is none.
    """
    if TemplateKind.SESSION in matched:
        return None
    return _together([thresholds[each.kind].clear_match for each in templates])


def _together(limits: Sequence[float | None]) -> list[float] | None:
    """Limits that were set for two templates together; None where one is not known."""
    known = [limit for limit in limits if limit is not None]
    return known if len(known) == len(limits) > 1 else None


def template_score(features: Floats, template: Template, score: Score = nearness) -> float:
    """Of the vector of the template that is most alike: higher means more alike."""
    return score(features, np.asarray(template.vectors, dtype=np.float32))


def directions(vectors: Floats) -> Floats:
    """At length 1, along the last axis."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)
