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

    One template that matches is enough; for a mismatch all of them have to say so, by `doubt` more
    than their threshold (`quality.doubt`).
    """
    scores = [(template.kind, template_score(features, template, score)) for template in templates]
    if not scores:
        return Identity.NOT_COMPARED, None
    best = max(value for _, value in scores)
    if any(value >= thresholds[kind].match for kind, value in scores):
        return Identity.MATCH, best
    if all(value < thresholds[kind].mismatch - doubt for kind, value in scores):
        return Identity.MISMATCH, best
    return Identity.UNCERTAIN, best


def template_score(features: Floats, template: Template, score: Score = nearness) -> float:
    """Of the vector of the template that is most alike: higher means more alike."""
    return score(features, np.asarray(template.vectors, dtype=np.float32))
