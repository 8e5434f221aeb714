"""A found face, and how boxes are merged: what every detector has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from invigil.vision.geometry import Floats, RgbImage
from invigil.vision.landmarks import Layout

# A box that shares more of itself than this with another lies within it.
_WITHIN = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """`box` is left, top, right, bottom, in pixels as `points`, whose meaning a `Layout` tells."""

    box: Floats
    score: float
    points: Floats

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
        return Detection(corners.ravel(), self.score, points)

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
    return sorted(faces, key=lambda face: face.width * face.height, reverse=True)


def blended(boxes: Floats, scores: Floats, points: Floats, overlap: float) -> list[Detection]:
    """Non-maximum suppression that averages what it merges, weighted by score.

    Boxes are one face when they share more than `overlap` (intersection over union), or when one
    lies within the other: a face is now and then found a second time within its own box, and no
    second head fits there. The rows come best first.
    """
    # Seldom more than a dozen rows: numpy would spend longer on getting ready.
    corners = boxes.tolist()
    values = np.concatenate([boxes, points.reshape(len(points), 2 * points.shape[1])], axis=1)
    faces: list[Detection] = []
    open_ = list(range(len(corners)))
    while open_:
        best, *others = open_
        same = {row for row in others if _one_face(corners[best], corners[row], overlap)}
        group = [best, *(row for row in others if row in same)]
        weights = scores[group] / scores[group].sum()
        mean = (values[group] * weights[:, None]).sum(axis=0, dtype=np.float32)
        faces.append(Detection(mean[:4], float(scores[best]), mean[4:].reshape(-1, 2)))
        open_ = [row for row in others if row not in same]
    return faces


def _one_face(box: Sequence[float], other: Sequence[float], overlap: float) -> bool:
    """Whether they share that much of their union, or nearly all of the smaller one."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    high = min(box[3], other[3]) - max(box[1], other[1])
    if wide <= 0 or high <= 0:
        return False
    shared = wide * high
    area = (box[2] - box[0]) * (box[3] - box[1])
    another = (other[2] - other[0]) * (other[3] - other[1])
    return shared > overlap * (area + another - shared) or shared > _WITHIN * min(area, another)
