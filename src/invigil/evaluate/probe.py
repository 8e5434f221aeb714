"""The product's engine, opened up: the features themselves, also of faces that the gate refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np

from invigil.domain.errors import ImageRefused
from invigil.domain.observation import TemplateKind, Unusable
from invigil.evaluate.stats import Doubles
from invigil.evaluate.tables import BadInput, writing
from invigil.vision.compare import Score, cosine, joint_nearness, nearness
from invigil.vision.engine import DefaultEngine
from invigil.vision.factory import build_engine
from invigil.vision.geometry import Floats
from invigil.vision.port import VisionEngine
from invigil.vision.registry import load_registry
from invigil.vision.runtime import WeightsError

Similarity = Callable[[Doubles, Doubles], Doubles]
"""Comparison scores of templates (n, d) with live features (m, d) or shorter ones, (n, m)."""


def joint_nearness_of_all(templates: Doubles, lives: Doubles) -> Doubles:
    """`invigil.vision.compare.joint_nearness` of each with each."""
    if templates.shape[1] == lives.shape[1]:
        return nearness_of_all(templates, lives)
    own = templates[:, : lives.shape[1]]
    return nearness_of_all(_directions(own), _directions(lives))


def nearness_of_all(templates: Doubles, lives: Doubles) -> Doubles:
    """`invigil.vision.compare.nearness` of each with each: 1 - L2 distance."""
    squares = (templates**2).sum(axis=1)[:, None] + (lives**2).sum(axis=1)[None, :]
    return np.asarray(1.0 - np.sqrt(np.maximum(squares - 2 * templates @ lives.T, 0)))


def cosine_of_all(templates: Doubles, lives: Doubles) -> Doubles:
    """`invigil.vision.compare.cosine` of each with each."""
    lengths = np.linalg.norm(templates, axis=1)[:, None] * np.linalg.norm(lives, axis=1)[None, :]
    return np.asarray(templates @ lives.T / np.maximum(lengths, np.finfo(np.float64).tiny))


def _directions(vectors: Doubles) -> Doubles:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float64).tiny))


class Subject(StrEnum):
    """Whose face counts where a picture shows several. The product then compares nobody; in
    collections such as LFW the label belongs to the face in the middle."""

    LARGEST = "largest"
    CENTRAL = "central"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the engine makes of one picture.

    `live`: features of the subject's face at the first look of `observe`, `again`: at the second,
    which is the first where there is none; `template`: as `make_template` does. One dimension each,
    `again` and `template` of one length. All None when no face was found, and there even if
    `unusable` is set.
    """

    unusable: Unusable | None
    live: Floats | None
    again: Floats | None
    template: Floats | None


class Prober(VisionEngine, Protocol):
    """An engine that can be evaluated."""

    subject: Subject

    @property
    def similarity(self) -> Similarity: ...

    @property
    def match_threshold(self) -> float:
        """Comparison score from which a frame matches a reference photo."""
        ...

    def look(self, image: bytes) -> Look:
        """Raises `ImageRefused` for bytes that are no picture."""
        ...


_OF_ALL: dict[Score, Similarity] = {
    cosine: cosine_of_all,
    nearness: nearness_of_all,
    joint_nearness: joint_nearness_of_all,
}


class DefaultProber(DefaultEngine):
    """The product's engine, whatever it was built of, with its results kept apart."""

    def __init__(self, engine: DefaultEngine, subject: Subject) -> None:
        # Takes over all parts of the engine as the factory chose and built them, so that what
        # is measured is what the product runs.
        vars(self).update(vars(engine))
        self.subject = subject

    @property
    def similarity(self) -> Similarity:
        return _OF_ALL[self._embedder.score]

    @property
    def match_threshold(self) -> float:
        return self._thresholds[TemplateKind.REFERENCE].match

    def look(self, image: bytes) -> Look:
        measured = self._measure(image)
        if not measured.detections:
            return Look(measured.unusable, None, None, None)
        pixels, face = measured.picture.pixels, measured.detections[0]
        if self.subject is Subject.CENTRAL:
            middle = np.array([pixels.shape[1], pixels.shape[0]], dtype=np.float32) / 2
            face = min(
                measured.detections, key=lambda each: float(np.linalg.norm(each.centre - middle))
            )
        looks = self._verifier.looks(pixels, face)
        return Look(
            measured.unusable,
            looks.first,
            looks.features,
            self._embedder.embed_well(pixels, face),
        )


def build_prober(
    name: str, subject: Subject = Subject.LARGEST, folder: Path | None = None
) -> Prober:
    """`invigil.vision.factory.build_engine`, opened up.

    Raises `BadInput` for an unknown name or a model that is not there.
    """
    try:
        engine = build_engine(name, folder=folder)
    except (ValueError, WeightsError) as error:
        raise BadInput(str(error)) from error
    if not isinstance(engine, DefaultEngine):
        raise BadInput(f"The engine {name!r} does not show its features.")
    return DefaultProber(engine, subject)


class LookCache:
    """Looks by the picture's SHA-256 in one `.npz` file, for repeated runs over the same data.

    It holds templates: whoever asks for the file has to keep and delete it as such. Another
    model or gate makes another file's worth of entries, never a mix.
    """

    def __init__(self, path: Path | None, prober: Prober) -> None:
        self._path = path
        self._prober = prober
        registry = load_registry()
        settings = repr(
            (
                _LAYOUT,
                prober.models,
                prober.subject,
                registry.quality,
                registry.detector,
                registry.second_look,
            )
        )
        self._prefix = hashlib.sha256(settings.encode()).hexdigest()[:12]
        self._entries: dict[str, Floats] = {}
        if path is not None and path.exists():
            try:
                with np.load(path, allow_pickle=False) as stored:
                    self._entries = {key: stored[key] for key in stored.files}
            except (OSError, ValueError, BadZipFile) as error:
                raise BadInput(f"{path} is not a cache that can be read; remove it.") from error

    def look(self, image: bytes, path: Path) -> Look:
        """`path` is named when the picture cannot be read."""
        key = f"{self._prefix}-{hashlib.sha256(image).hexdigest()}"
        if key not in self._entries:
            try:
                self._entries[key] = _packed(self._prober.look(image))
            except ImageRefused as error:
                raise BadInput(f"The picture {path} cannot be used: {error.message}") from error
        return _unpacked(self._entries[key])

    def save(self) -> None:
        if self._path is not None:
            with writing(self._path), self._path.open("wb") as file:
                np.savez(file, **self._entries)  # type: ignore[arg-type]


_REASONS = (None, *Unusable)
_VECTORS = 3
_LAYOUT = 2
"""Of a row in a cache."""


def _packed(look: Look) -> Floats:
    """One row: number of the reason, lengths of the three vectors, and these, if there are any."""
    vectors = [v for v in (look.live, look.again, look.template) if v is not None]
    head = [_REASONS.index(look.unusable), *(len(vector) for vector in vectors)]
    return np.concatenate([np.array(head, dtype=np.float32), *vectors])


def _unpacked(row: Floats) -> Look:
    reason = _REASONS[int(row[0])]
    if len(row) == 1:
        return Look(reason, None, None, None)
    first, second, _ = (int(length) for length in row[1 : 1 + _VECTORS])
    return Look(reason, *np.split(row[1 + _VECTORS :], [first, first + second]))
