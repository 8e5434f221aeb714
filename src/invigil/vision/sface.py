"""SFace, a recogniser that has to be downloaded (`invigil models pull yunet-sface`).

Written to its published interface (OpenCV's FaceRecognizerSF): 112 x 112 pixels, aligned by
YuNet's five points, blue first, 0..255; 128 features, compared by their cosine. Not measured here.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import onnxruntime as ort

from invigil.vision.compare import Score, cosine
from invigil.vision.detection import Detection
from invigil.vision.geometry import Floats, RgbImage, similarity

CHIP_SIZE = 112
# Where OpenCV puts right eye, left eye, nose, right and left corner of the mouth.
_TARGETS = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ],
    dtype=np.float32,
)


class SFaceEmbedder:
    """Safe to share between threads: it keeps nothing but an onnxruntime session."""

    score: Score = staticmethod(cosine)
    width = 128

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def alignment(self, face: Detection) -> None:
        """Every frame is compared by its features."""

    def embed(self, image: RgbImage, face: Detection) -> Floats:
        chip = self._chip(image, face)[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        (features,) = self._session.run(None, {self._input: chip})
        return np.asarray(features[0] / np.linalg.norm(features[0]), dtype=np.float32)

    def embed_many(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        """One after another: the published file is fixed to one face."""
        return np.stack([self.embed(image, face) for image, face in faces])

    def look_again(
        self, faces: Sequence[tuple[RgbImage, Detection]], firsts: Sequence[Floats]
    ) -> None:
        """As its authors do: no second look."""

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        return self.embed(image, face)

    def _chip(self, image: RgbImage, face: Detection) -> RgbImage:
        matrix = similarity(face.points, _TARGETS)
        chip = cv2.warpAffine(image, matrix, (CHIP_SIZE, CHIP_SIZE), flags=cv2.INTER_LINEAR)
        return np.asarray(chip, dtype=np.uint8)
