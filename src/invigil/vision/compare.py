"""1:1 verification: features of one frame against the templates of one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from invigil.domain.observation import Identity, Template, TemplateKind
from invigil.vision.geometry import Floats
from invigil.vision.registry import ComparisonThresholds

Thresholds = Mapping[TemplateKind, ComparisonThresholds]


def comparable(templates: Sequence[Template], model: str) -> list[Template]:
    """Those that this model made and that hold something. Two models' features never meet."""
    return [template for template in templates if template.model == model and template.vectors]


def compare(
    features: Floats, templates: Sequence[Template], thresholds: Thresholds
) -> tuple[Identity, float | None]:
    """The outcome and the best score over all templates.

    One template that matches is enough; for a mismatch all of them have to say so.
    """
    scores = [(template.kind, template_score(features, template)) for template in templates]
    if not scores:
        return Identity.NOT_COMPARED, None
    best = max(score for _, score in scores)
    if any(score >= thresholds[kind].match for kind, score in scores):
        return Identity.MATCH, best
    if all(score < thresholds[kind].mismatch for kind, score in scores):
        return Identity.MISMATCH, best
    return Identity.UNCERTAIN, best


def template_score(features: Floats, template: Template) -> float:
    """1 - L2 distance to the nearest vector of the template: higher means more alike."""
    vectors = np.asarray(template.vectors, dtype=np.float32)
    distances = np.linalg.norm(vectors - features, axis=1)
    return 1.0 - float(distances.min())
