"""A found face, and how boxes are merged: what every detector has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from invigil.vision.geometry import Floats, RgbImage
from invigil.vision.landmarks import Layout

# A box that shares more of itself than this with another lies within it.
_WITHIN = 0.7
# So many boxes are compared with the others at once: a picture full of faces has hundreds.
_BLOCK = 64

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """`box` is left, top, right, bottom, in pixels as `points`, whose meaning a `Layout` tells.

    `cut_off`: the edge of the picture goes through the face. Box and points are then guesses.
    """

    box: Floats
    score: float
    points: Floats
    cut_off: bool = False

    @property
    def width(self) -> float:
        return float(self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        return float(self.box[3] - self.box[1])

    @property
    def centre(self) -> Floats:
        return np.asarray((self.box[:2] + self.box[2:]) / 2, dtype=np.float32)

    @property
    def side(self) -> float:
        return max(self.width, self.height)

    def placed(self, scale: float, offset: Floats) -> Detection:
        """The same face on a picture of which the present one is a scaled and shifted copy."""
        corners = (self.box.reshape(2, 2) - offset) / np.float32(scale)
        points = (self.points - offset) / np.float32(scale)
        return Detection(corners.ravel(), self.score, points, self.cut_off)

    def beyond(self, image: RgbImage) -> float:
        """How far the box reaches out of the picture, in shares of its side; negative inside."""
        height, width = image.shape[:2]
        left, top, right, bottom = self.box.tolist()
        outside: float = max(-left, -top, right - width, bottom - height)
        return outside / max(self.side, 1e-6)

    def overlap(self, other: Detection) -> float:
        """Intersection over union."""
        corner = np.maximum(self.box[:2], other.box[:2])
        opposite = np.minimum(self.box[2:], other.box[2:])
        shared = float(np.prod(np.clip(opposite - corner, 0, None)))
        union = self.width * self.height + other.width * other.height - shared
        return shared / union if union > 0 else 0.0


class FaceDetector(Protocol):
    """Safe to call from several threads at once."""

    @property
    def layout(self) -> Layout: ...

    def detect(self, image: RgbImage) -> list[Detection]:
        """The faces that can be believed, the largest first."""
        ...


def largest_first(faces: list[Detection]) -> list[Detection]:
    """Those that the edge cuts off come last: how large they are is guessed."""
    return sorted(faces, key=lambda face: (face.cut_off, -face.width * face.height))


def blended(boxes: Floats, scores: Floats, points: Floats, overlap: float) -> list[Detection]:
    """Non-maximum suppression that averages what it merges, weighted by score.

    Boxes are one face when they share more than `overlap` (intersection over union), or when one
    lies within the other: a face is now and then found a second time within its own box, and no
    second head fits there. The rows come best first.
    """
    values = np.concatenate([boxes, points.reshape(len(points), 2 * points.shape[1])], axis=1)
    corners = boxes.T.astype(np.float64)
    faces: list[Detection] = []
    open_ = np.ones(len(boxes), dtype=bool)
    for start in range(0, len(boxes), _BLOCK):
        block, rest = corners[:, start : start + _BLOCK, None], corners[:, None, start:]
        for best, same in enumerate(_one_face(block, rest, overlap), start):
            if not open_[best]:
                continue
            open_[best] = False
            others = start + np.flatnonzero(same & open_[start:])
            open_[others] = False
            mean = values[best]
            if len(others):
                group = np.concatenate([[best], others])
                weights = scores[group] / scores[group].sum()
                mean = (values[group] * weights[:, None]).sum(axis=0, dtype=np.float32)
            faces.append(Detection(mean[:4], float(scores[best]), mean[4:].reshape(-1, 2)))
    return faces


def apart_from(
    known: Sequence[Detection], faces: Sequence[Detection], overlap: float
) -> list[Detection]:
    """Those of `faces` that are none of the `known` ones, by the measure of `blended`."""
    if not known or not faces:
        return list(faces)
    these, those = (
        np.stack([each.box for each in some], axis=1).astype(np.float64) for some in (faces, known)
    )
    same = _one_face(these[:, :, None], those[:, None, :], overlap)
    return [face for face, taken in zip(faces, same, strict=True) if not taken.any()]


def _one_face(boxes: Doubles, others: Doubles, overlap: float) -> Flags:
    """Whether they share that much of their union, or nearly all of the smaller one.

    Of each with each: corners along the first axis, the rest is broadcast.
    """
    left, top, right, bottom = boxes
    its_left, its_top, its_right, its_bottom = others
    wide = np.minimum(right, its_right) - np.maximum(left, its_left)
    high = np.minimum(bottom, its_bottom) - np.maximum(top, its_top)
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    area = (right - left) * (bottom - top)
    another = (its_right - its_left) * (its_bottom - its_top)
    much = shared > overlap * (area + another - shared)
    within = shared > _WITHIN * np.minimum(area, another)
    return np.asarray((shared > 0) & (much | within))
