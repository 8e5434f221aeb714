"""A face as 128 numbers: align by landmarks, then dlib's ResNet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np

from invigil.vision.compare import Score, directional_nearness
from invigil.vision.detection import Detection
from invigil.vision.geometry import Floats, RgbImage, similarity
from invigil.vision.landmarks import BLAZEFACE, Layout
from invigil.vision.networks import DlibResNet

CHIP_SIZE = 150

# Scale, and shift in pixels of the chip, of the variations that a template averages over.
_VARIATIONS = ((1, 0, 0), (0.96, 0, 0), (1.04, 0, 0), (1, 4, 0), (1, -4, 0), (1, 0, 4), (1, 0, -4))


class Embedder(Protocol):
    """Safe to call from several threads at once."""

    score: Score
    """How alike two features are; higher means more."""

    def embed_many(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        """The features of a face on each of several live frames, one row each."""
        ...

    def mirrored(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats | None:
        """The features of the same faces seen in a mirror, one row each, for a second look.

        None where there is no second look.
        """
        ...

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        """The features for a template: as accurate as can be, at any cost."""
        ...


class FaceEmbedder:
    """dlib's ResNet. Safe to share between threads, as its network is."""

    score: Score = staticmethod(directional_nearness)

    def __init__(self, network: DlibResNet, layout: Layout = BLAZEFACE) -> None:
        self._network = network
        self._align_by = list(layout.align_by)
        self._targets = np.array(layout.targets, dtype=np.float32)

    def embed_many(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        """One pass of the network for each face."""
        return self._network(np.stack([self.chip(image, face) for image, face in faces]))

    def mirrored(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        """See `Embedder.mirrored`."""
        chips = np.stack([self.chip(image, face) for image, face in faces])
        return self._network(np.ascontiguousarray(chips[:, :, ::-1]))

    def chip(self, image: RgbImage, face: Detection) -> RgbImage:
        """The face as the network sees it."""
        return _warped(image, self._matrix(face))

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        """The features for a template: the mean over small shifts, scales and the mirror image.

        It costs fourteen passes, once for each template, and makes every later comparison
        with it more accurate.
        """
        chips = np.stack(list(self._variations(image, face)))
        mirrored = np.ascontiguousarray(chips[:, :, ::-1])
        features = np.concatenate([self._network(chips), self._network(mirrored)])
        return np.asarray(features.mean(axis=0), dtype=np.float32)

    def _matrix(self, face: Detection) -> Floats:
        return similarity(face.points[self._align_by], self._targets)

    def _variations(self, image: RgbImage, face: Detection) -> Iterator[RgbImage]:
        matrix = self._matrix(face)
        middle = np.float32((CHIP_SIZE - 1) / 2)
        for scale, right, down in _VARIATIONS:
            varied = matrix * np.float32(scale)
            varied[:, 2] += middle * np.float32(1 - scale) + np.array([right, down], np.float32)
            yield _warped(image, varied)


def _warped(image: RgbImage, matrix: Floats) -> RgbImage:
    size = (CHIP_SIZE, CHIP_SIZE)
    shrinks = float(np.hypot(matrix[0, 0], matrix[1, 0])) < 1
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=method), dtype=np.uint8)
