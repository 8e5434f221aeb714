"""The models that may run, their origin and their thresholds: `registry.toml`, typed."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    SECOND_EMBEDDER = "second_embedder"
    """Looks beside an embedder: both networks' features count together."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    path: str
    sha256: str


class Place(StrEnum):
    """Where the weights lie."""

    PACKAGE = "package"
    DOWNLOAD = "download"
    EXTRA = "extra"


class Runtime(StrEnum):
    """What computes a model that the package carries."""

    ONNXRUNTIME = "onnxruntime"
    KERNEL = "kernel"
    """Our own compiled code, `kernels/`, on processors that it is made for."""


@dataclass(frozen=True, slots=True)
class ComparisonThresholds:
    """Comparison scores: at `match` and above a match, under `mismatch` a mismatch.

    `clear_mismatch`: the same for the score by which somebody is recognised, on a clear frame only;
    None where that is what `mismatch` is of already. `clear_match`: what the scores of two
    templates must reach there on average for a match to be one; None where one is enough.
    `fmr` is the false match rate that `match` was set for, None when nobody measured it.
    """

    match: float
    mismatch: float
    clear_mismatch: float | None = None
    clear_match: float | None = None
    fmr: float | None = None
    measured: str = ""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """`version` changes with anything that changes the numbers, the alignment included."""

    id: str
    version: str
    task: Task
    place: Place
    licence: str
    licence_note: str
    weights: str
    weights_sha256: str
    runtime: Runtime = Runtime.ONNXRUNTIME
    package_registry: str = ""
    package: str = ""
    package_version: str = ""
    sources: tuple[SourceFile, ...] = ()
    converter: str = ""
    comparison: Mapping[TemplateKind, ComparisonThresholds] = field(default_factory=dict)

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
    cut_off_beyond: float
    cut_off_candidate_score: float
    second_looks: int
    overlap: float
    smallest_beside_another: float


@dataclass(frozen=True, slots=True)
class SecondLookWeights:
    """See the comments in `registry.toml`."""

    resnet: float
    other: float
    span: float


@dataclass(frozen=True, slots=True)
class DoubtSlopes:
    """How doubt grows beyond the limits of a clear frame; the units are in `registry.toml`."""

    blur: float
    noise: float
    distance: float
    darkness: float
    glare: float
    cover: float
    turn: float
    disagreement: float


@dataclass(frozen=True, slots=True)
class WiderLimits:
    """See the comments in `registry.toml`."""

    sharpness: float
    yaw: float
    pitch_up: float
    cut_off: bool


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """See the comments in `registry.toml`."""

    face_pixels: float
    face_luma_low: float
    face_luma_high: float
    sharpness: float
    yaw: float
    pitch_up: float
    pitch_down: float
    cut_off: bool
    picture_luma_low: float
    picture_luma_high: float
    picture_contrast: float
    picture_sharpness: float
    clear_score: float
    clear_pixels: float
    clear_sharpness: float
    noisy_sharpness: float
    clear_luma_low: float
    clear_luma_high: float
    clear_turn: float
    clear_disagreement: float
    clear_doubt: float
    doubt: DoubtSlopes
    compared: WiderLimits

    @property
    def wider(self) -> QualityLimits:
        """Those within which a live frame is compared, usable for a template or not."""
        wide = self.compared
        return replace(
            self,
            sharpness=wide.sharpness,
            yaw=wide.yaw,
            pitch_up=wide.pitch_up,
            cut_off=wide.cut_off,
        )


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """One choice of INVIGIL_VISION. Of several, the first that the processor is fit for.

    `second`: what looks beside the embedder at a second look.
    """

    name: str
    detectors: tuple[ModelEntry, ...]
    embedders: tuple[ModelEntry, ...]
    second: ModelEntry | None = None

    @property
    def models(self) -> tuple[ModelEntry, ...]:
        second = () if self.second is None else (self.second,)
        return (*self.detectors, *self.embedders, *second)


@dataclass(frozen=True, slots=True)
class Registry:
    models: tuple[ModelEntry, ...]
    engines: Mapping[str, EngineEntry]
    detector: DetectorLimits
    quality: QualityLimits
    second_look: SecondLookWeights
    still_there: float

    def model_for(self, task: Task) -> ModelEntry:
        """Of the default engine, the one that every processor can run."""
        default = self.engines["default"]
        return (default.detectors if task is Task.DETECTOR else default.embedders)[-1]

    @property
    def comparison(self) -> Mapping[TemplateKind, ComparisonThresholds]:
        """The thresholds of `model_for(Task.EMBEDDER)`."""
        return self.model_for(Task.EMBEDDER).comparison


@cache
def load_registry(path: Path = REGISTRY) -> Registry:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    models = tuple(_model(entry) for entry in document["model"])
    by_name = {model.name: model for model in models}
    return Registry(
        models=models,
        engines={
            name: EngineEntry(
                name,
                tuple(by_name[each] for each in entry["detectors"]),
                tuple(by_name[each] for each in entry["embedders"]),
                by_name[entry["second"]] if "second" in entry else None,
            )
            for name, entry in document["engine"].items()
        },
        detector=DetectorLimits(**document["detector"]),
        quality=_quality(document["quality"]),
        second_look=SecondLookWeights(**document["second_look"]),
        still_there=document["tracker"]["still_there"],
    )


def _quality(entry: dict[str, Any]) -> QualityLimits:
    parts = {"doubt": DoubtSlopes(**entry["doubt"]), "compared": WiderLimits(**entry["compared"])}
    return QualityLimits(**{**entry, **parts})


def _model(entry: dict[str, Any]) -> ModelEntry:
    typed = {
        "task": Task(entry["task"]),
        "place": Place(entry["place"]),
        "runtime": Runtime(entry.get("runtime", Runtime.ONNXRUNTIME)),
        "sources": tuple(SourceFile(**file) for file in entry.get("sources", ())),
        "comparison": {
            TemplateKind(kind): _thresholds(kind, values)
            for kind, values in entry.get("comparison", {}).items()
        },
    }
    return ModelEntry(**{**entry, **typed})


def _thresholds(kind: str, values: dict[str, Any]) -> ComparisonThresholds:
    thresholds = ComparisonThresholds(**values)
    if max(thresholds.mismatch, thresholds.clear_mismatch or 0.0) > thresholds.match:
        raise ValueError(f"comparison.{kind}: mismatch must not lie above match")
    if (thresholds.clear_match or math.inf) < (thresholds.clear_mismatch or 0.0):
        raise ValueError(f"comparison.{kind}: clear_mismatch must not lie above clear_match")
    return thresholds
