"""The models that may run, their origin and their thresholds: `registry.toml`, typed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from invigil.domain.observation import TemplateKind

REGISTRY = Path(__file__).parent / "registry.toml"


class Task(StrEnum):
    """The only things a model may do here. A model with another task is refused.

    Guessing emotions, age, sex, descent or honesty is not among them and will not be: the first
    is forbidden in education by Article 5(1)(f) of the EU AI Act, none is needed.
    """

    DETECTOR = "detector"
    EMBEDDER = "embedder"


@dataclass(frozen=True, slots=True)
class SourceFile:
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """`version` changes with anything that changes the numbers, the alignment included."""

    id: str
    version: str
    task: Task
    package_registry: str
    package: str
    package_version: str
    sources: tuple[SourceFile, ...]
    licence: str
    licence_note: str
    converter: str
    weights: str
    weights_sha256: str

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True)
class DetectorLimits:
    """See the comments in `registry.toml`."""

    candidate_score: float
    sure_score: float
    second_look_score: float
    second_look_score_beside_another: float
    second_looks: int
    overlap: float
    smallest_beside_another: float


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """See the comments in `registry.toml`."""

    face_pixels: float
    face_luma_low: float
    face_luma_high: float
    sharpness: float
    yaw: float
    pitch: float
    picture_luma_low: float
    picture_luma_high: float
    picture_contrast: float


@dataclass(frozen=True, slots=True)
class ComparisonThresholds:
    """Comparison scores: at `match` and above a match, under `mismatch` a mismatch."""

    match: float
    mismatch: float


@dataclass(frozen=True, slots=True)
class Registry:
    models: tuple[ModelEntry, ...]
    detector: DetectorLimits
    quality: QualityLimits
    comparison: dict[TemplateKind, ComparisonThresholds]

    def model_for(self, task: Task) -> ModelEntry:
        return next(model for model in self.models if model.task is task)


@cache
def load_registry(path: Path = REGISTRY) -> Registry:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    comparison = {
        TemplateKind(kind): ComparisonThresholds(match=entry["match"], mismatch=entry["mismatch"])
        for kind, entry in document["comparison"].items()
    }
    for kind, thresholds in comparison.items():
        if thresholds.mismatch > thresholds.match:
            raise ValueError(f"comparison.{kind}: mismatch must not lie above match")
    return Registry(
        models=tuple(_model(entry) for entry in document["model"]),
        detector=DetectorLimits(**document["detector"]),
        quality=QualityLimits(**document["quality"]),
        comparison=comparison,
    )


def _model(entry: dict[str, Any]) -> ModelEntry:
    sources = tuple(SourceFile(file["path"], file["sha256"]) for file in entry["sources"])
    return ModelEntry(**{**entry, "task": Task(entry["task"]), "sources": sources})
