"""1:1 verification: features of one frame against the templates of one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from invigil.domain.observation import Identity, Template, TemplateKind
from invigil.vision.geometry import Floats
from invigil.vision.registry import ComparisonThresholds

Thresholds = Mapping[TemplateKind, ComparisonThresholds]
Score = Callable[[Floats, Floats], float]


def nearness(features: Floats, vectors: Floats) -> float:
    """1 - L2 distance to the nearest of `vectors`."""
    return 1.0 - float(np.linalg.norm(vectors - features, axis=1).min())


def directional_nearness(features: Floats, vectors: Floats) -> float:
    """1 - L2 distance to the nearest of `vectors`, all brought to length 1.

    The length of the ResNet's features tells more about the picture than about the person: without
    it, more of the same people match at the same rate of false matches.
    """
    return 1.0 - float(np.linalg.norm(_directions(vectors) - _directions(features), axis=1).min())


def unlikeness(features: Floats, others: Floats) -> float:
    """L2 distance of two features brought to length 1, shape (d,) each."""
    return float(np.linalg.norm(_directions(features) - _directions(others)))


def cosine(features: Floats, vectors: Floats) -> float:
    """Cosine of the angle to the nearest of `vectors`."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(features)
    return float((vectors @ features / np.maximum(lengths, np.finfo(np.float32).tiny)).max())


def comparable(templates: Sequence[Template], model: str) -> list[Template]:
    """Those that this model made and that hold something. Two models' features never meet."""
    return [template for template in templates if template.model == model and template.vectors]


def compare(
    features: Floats,
    templates: Sequence[Template],
    thresholds: Thresholds,
    score: Score = nearness,
    *,
    doubt: float = 0.0,
) -> tuple[Identity, float | None]:
    """The outcome and the best score over all templates.

    One template that matches is enough. For a mismatch they have a say together: on average the
    scores lie below the thresholds, by more than `doubt` (`quality.doubt`).
    """
    scores = [(template.kind, template_score(features, template, score)) for template in templates]
    if not scores:
        return Identity.NOT_COMPARED, None
    best = max(value for _, value in scores)
    if any(value >= thresholds[kind].match for kind, value in scores):
        return Identity.MATCH, best
    above = sum(value - thresholds[kind].mismatch for kind, value in scores) / len(scores)
    if above < -doubt:
        return Identity.MISMATCH, best
    return Identity.UNCERTAIN, best


def template_score(features: Floats, template: Template, score: Score = nearness) -> float:
    """Of the vector of the template that is most alike: higher means more alike."""
    return score(features, np.asarray(template.vectors, dtype=np.float32))


def _directions(vectors: Floats) -> Floats:
    """At length 1, along the last axis."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)
