"""A face as 128 numbers: align by landmarks, then dlib's ResNet."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import onnxruntime as ort

from invigil.vision.detector import LEFT_EYE, MOUTH, NOSE, RIGHT_EYE, Detection
from invigil.vision.geometry import Floats, RgbImage, similarity

CHIP_SIZE = 150

_ALIGN_BY = [RIGHT_EYE, LEFT_EYE, NOSE, MOUTH]
# Where those points lie in the chips that the network was trained with: the medians over the
# chips that dlib's own five-point alignment cuts from 799 portraits.
_TARGETS = np.array(
    [(46.17, 46.10), (102.49, 46.79), (74.38, 79.96), (74.07, 108.67)], dtype=np.float32
)
# Scale, and shift in pixels of the chip, of the variations that a template averages over.
_VARIATIONS = ((1, 0, 0), (0.96, 0, 0), (1.04, 0, 0), (1, 4, 0), (1, -4, 0), (1, 0, 4), (1, 0, -4))


class FaceEmbedder:
    """Safe to share between threads: it keeps nothing but an onnxruntime session."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def embed(self, image: RgbImage, face: Detection) -> Floats:
        """The features of a face on a live frame: one pass of the network."""
        return np.asarray(self._features(_chip(image, face)[None])[0], dtype=np.float32)

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        """The features for a template: the mean over small shifts, scales and the mirror image.

        It costs fourteen passes, once for each template, and makes every later comparison
        with it more accurate.
        """
        chips = np.stack(list(_chip_variations(image, face)))
        mirrored = np.ascontiguousarray(chips[:, :, ::-1])
        features = np.concatenate([self._features(chips), self._features(mirrored)])
        return np.asarray(features.mean(axis=0), dtype=np.float32)

    def _features(self, chips: RgbImage) -> Floats:
        (features,) = self._session.run(["features"], {"chip": chips})
        return np.asarray(features, dtype=np.float32)


def _chip(image: RgbImage, face: Detection) -> RgbImage:
    return _warped(image, similarity(face.points[_ALIGN_BY], _TARGETS))


def _chip_variations(image: RgbImage, face: Detection) -> Iterator[RgbImage]:
    matrix = similarity(face.points[_ALIGN_BY], _TARGETS)
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
