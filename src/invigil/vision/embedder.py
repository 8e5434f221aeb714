"""A face as numbers: align by landmarks, then dlib's ResNet, and FaceRes for a second look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from invigil.vision.compare import Score, directions, joint, joint_nearness, unlikeness
from invigil.vision.detection import Detection
from invigil.vision.geometry import Floats, RgbImage, similarity
from invigil.vision.landmarks import BLAZEFACE, Layout
from invigil.vision.networks import FACERES_WIDTH, RESNET_WIDTH, DlibResNet, FaceRes
from invigil.vision.registry import SecondLookWeights

CHIP_SIZE = 150

_WIDER_SIZE = 224  # of the second network's square

# Scale, and shift in pixels of the chip, of the variations that a template averages over.
_VARIATIONS = ((1, 0, 0), (0.96, 0, 0), (1.04, 0, 0), (1, 4, 0), (1, -4, 0), (1, 0, 4), (1, 0, -4))


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """One face after two looks. `features`: of all that looked, shape (d,), as of `embed_well`.

    `accusing`: of the first network alone, (e,). Somebody is recognised by both networks, and said
    to be another by this one: how it sees a covered, dark or blurred face has been studied.
    `disagreement`: of the face with its own mirror image. Faces are never alike on both sides, but
    one that is half covered, smeared or lit from the side is less so.
    """

    features: Floats
    accusing: Floats
    disagreement: float


class Embedder(Protocol):
    """Safe to call from several threads at once."""

    score: Score
    """How alike two features are; higher means more."""
    width: int
    """How many features `embed_well` gives."""

    def alignment(self, face: Detection) -> Floats | None:
        """(2, 3): from the picture to a square of `CHIP_SIZE` pixels with the face upright in it.

        None where frames shall be compared by their features alone.
        """
        ...

    def embed_many(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        """The features of a face on each of several live frames, one row each."""
        ...

    def look_again(
        self, faces: Sequence[tuple[RgbImage, Detection]], firsts: Sequence[Floats]
    ) -> list[SecondLook] | None:
        """A second look at the same faces, whose features at the first were `firsts`.

        None where there is no second look.
        """
        ...

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        """The features for a template: as accurate as can be, at any cost."""
        ...


class FaceEmbedder:
    """dlib's ResNet, and FaceRes beside it. Safe to share between threads, as the networks are."""

    score: Score = staticmethod(joint_nearness)
    width = RESNET_WIDTH + FACERES_WIDTH

    def __init__(
        self,
        network: DlibResNet,
        second: FaceRes,
        weights: SecondLookWeights,
        layout: Layout = BLAZEFACE,
    ) -> None:
        self._network = network
        self._second = second
        self._weights = weights
        self._align_by = list(layout.align_by)
        self._targets = np.array(layout.targets, dtype=np.float32)

    def alignment(self, face: Detection) -> Floats:
        """See `Embedder.alignment`."""
        return similarity(face.points[self._align_by], self._targets)

    def embed_many(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        """One pass of the network for each face."""
        return self._network(np.stack([self.chip(image, face) for image, face in faces]))

    def look_again(
        self, faces: Sequence[tuple[RgbImage, Detection]], firsts: Sequence[Floats]
    ) -> list[SecondLook]:
        """In a mirror by the same network, and by the second network."""
        chips = np.stack([self.chip(image, face) for image, face in faces])
        mirrored = self._network(np.ascontiguousarray(chips[:, :, ::-1]))
        others = self._others([self._wider(image, face) for image, face in faces])
        means = [(first + mirror) / 2 for first, mirror in zip(firsts, mirrored, strict=True)]
        return [
            SecondLook(joint(mean, other, self._weights), mean, unlikeness(first, mirror))
            for first, mirror, mean, other in zip(firsts, mirrored, means, others, strict=True)
        ]

    def chip(self, image: RgbImage, face: Detection) -> RgbImage:
        """The face as the network sees it."""
        return _warped(image, self.alignment(face))

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        """The features for a template: the mean over small shifts, scales and the mirror image.

        It costs sixteen passes, once for each template, and makes every later comparison
        with it more accurate.
        """
        chips = np.stack(list(self._variations(image, face)))
        mirrored = np.ascontiguousarray(chips[:, :, ::-1])
        features = np.concatenate([self._network(chips), self._network(mirrored)])
        wider = self._wider(image, face)
        others = self._others([wider, wider[:, ::-1]])
        return joint(features.mean(axis=0), directions(others).mean(axis=0), self._weights)

    def _others(self, chips: Sequence[RgbImage]) -> Floats:
        """One after the other: together they would be no quicker and need more memory."""
        return np.concatenate([self._second(np.ascontiguousarray(chip[None])) for chip in chips])

    def _wider(self, image: RgbImage, face: Detection) -> RgbImage:
        scale = np.float32(_WIDER_SIZE / self._weights.span)
        matrix = self.alignment(face) * scale
        # The middle of the chip stays in the middle.
        matrix[:, 2] += np.float32(_WIDER_SIZE / 2) - np.float32(CHIP_SIZE / 2) * scale
        return _warped(image, matrix, _WIDER_SIZE, border=cv2.BORDER_REPLICATE)

    def _variations(self, image: RgbImage, face: Detection) -> Iterator[RgbImage]:
        matrix = self.alignment(face)
        middle = np.float32((CHIP_SIZE - 1) / 2)
        for scale, right, down in _VARIATIONS:
            varied = matrix * np.float32(scale)
            varied[:, 2] += middle * np.float32(1 - scale) + np.array([right, down], np.float32)
            yield _warped(image, varied)


def _warped(
    image: RgbImage, matrix: Floats, side: int = CHIP_SIZE, *, border: int = cv2.BORDER_CONSTANT
) -> RgbImage:
    """A square of `side` pixels. `border`: what lies beyond the picture, for OpenCV."""
    shrinks = float(np.hypot(matrix[0, 0], matrix[1, 0])) < 1
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    warped = cv2.warpAffine(image, matrix, (side, side), flags=method, borderMode=border)
    return np.asarray(warped, dtype=np.uint8)
