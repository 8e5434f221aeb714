"""The product's engine, opened up: the features themselves, also of faces that the gate refuses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import cv2
import numpy as np

from invigil.domain.errors import ImageRefused
from invigil.domain.observation import TemplateKind, Unusable
from invigil.evaluate.tables import BadInput
from invigil.vision.decode import ImageDecoder
from invigil.vision.detector import BlazeFaceDetector
from invigil.vision.embedder import FaceEmbedder
from invigil.vision.engine import DefaultEngine
from invigil.vision.factory import ENGINES
from invigil.vision.geometry import Floats
from invigil.vision.port import VisionEngine
from invigil.vision.registry import Task, load_registry
from invigil.vision.runtime import open_session


class Subject(StrEnum):
    """Whose face counts where a picture shows several. The product then compares nobody; in
    collections such as LFW the label belongs to the face in the middle."""

    LARGEST = "largest"
    CENTRAL = "central"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the engine makes of one picture.

    `live`: features of the subject's face as `observe` takes them, shape (d,); `template`: as
    `make_template` does. Both None when no face was found, and there even if `unusable` is set.
    """

    unusable: Unusable | None
    live: Floats | None
    template: Floats | None


class Prober(VisionEngine, Protocol):
    """An engine that can be evaluated."""

    subject: Subject

    @property
    def match_threshold(self) -> float:
        """Comparison score from which a frame matches a reference photo."""
        ...

    def look(self, image: bytes) -> Look:
        """Raises `ImageRefused` for bytes that are no picture."""
        ...


class DefaultProber(DefaultEngine):
    """The same steps in the same order as the engine whose subclass it is, results kept apart."""

    subject = Subject.LARGEST

    @property
    def match_threshold(self) -> float:
        return self._thresholds[TemplateKind.REFERENCE].match

    def look(self, image: bytes) -> Look:
        measured = self._measure(image)
        if not measured.detections:
            return Look(measured.unusable, None, None)
        pixels, face = measured.picture.pixels, measured.detections[0]
        if self.subject is Subject.CENTRAL:
            middle = np.array([pixels.shape[1], pixels.shape[0]], dtype=np.float32) / 2
            face = min(
                measured.detections, key=lambda each: float(np.linalg.norm(each.centre - middle))
            )
        return Look(
            measured.unusable,
            self._embedder.embed(pixels, face),
            self._embedder.embed_well(pixels, face),
        )


def build_prober(name: str) -> Prober:
    """As `invigil.vision.factory.build_engine`. Raises `BadInput` for an unknown name."""
    if name not in ENGINES:
        raise BadInput(f"There is no engine {name!r}. Choose one of: {', '.join(ENGINES)}.")
    cv2.setNumThreads(1)
    registry = load_registry()
    return DefaultProber(
        registry,
        ImageDecoder(),
        BlazeFaceDetector(open_session(registry.model_for(Task.DETECTOR)), registry.detector),
        FaceEmbedder(open_session(registry.model_for(Task.EMBEDDER))),
    )


class LookCache:
    """Looks by the picture's SHA-256 in one `.npz` file, for repeated runs over the same data.

    It holds templates: whoever asks for the file has to keep and delete it as such. Another
    model or gate makes another file's worth of entries, never a mix.
    """

    def __init__(self, path: Path | None, prober: Prober) -> None:
        self._path = path
        self._prober = prober
        settings = repr(
            (prober.models, prober.subject, load_registry().quality, load_registry().detector)
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
            with self._path.open("wb") as file:
                np.savez(file, **self._entries)  # type: ignore[arg-type]


_REASONS = (None, *Unusable)


def _packed(look: Look) -> Floats:
    """One row: number of the reason, then both vectors, if there are any."""
    parts = [np.array([_REASONS.index(look.unusable)], dtype=np.float32)]
    parts += [vector for vector in (look.live, look.template) if vector is not None]
    return np.concatenate(parts)


def _unpacked(row: Floats) -> Look:
    reason, length = _REASONS[int(row[0])], (len(row) - 1) // 2
    if not length:
        return Look(reason, None, None)
    return Look(reason, row[1 : 1 + length], row[1 + length :])
