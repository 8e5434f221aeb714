"""A found face, and how boxes are merged: what every detector has in common."""

from __future__ import annotations

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
        box = (self.box - np.tile(offset, 2)) / np.float32(scale)
        points = (self.points - offset) / np.float32(scale)
        return Detection(box, self.score, points)

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
    faces: list[Detection] = []
    open_ = np.ones(len(scores), dtype=bool)
    for best in range(len(scores)):
        if not open_[best]:
            continue
        union, smaller = _overlaps(boxes, best)
        group = open_ & ((union > overlap) | (smaller > _WITHIN))
        group[best] = True
        open_ &= ~group
        weights = scores[group] / scores[group].sum()
        box = (boxes[group] * weights[:, None]).sum(axis=0)
        mean = (points[group] * weights[:, None, None]).sum(axis=0)
        faces.append(
            Detection(box.astype(np.float32), float(scores[best]), mean.astype(np.float32))
        )
    return faces


def _overlaps(boxes: Floats, index: int) -> tuple[Floats, Floats]:
    """What every box shares with that one: of their union, and of the smaller of the two."""
    sizes = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    areas = sizes.prod(axis=1)
    corner = np.maximum(boxes[:, :2], boxes[index, :2])
    opposite = np.minimum(boxes[:, 2:], boxes[index, 2:])
    shared = np.clip(opposite - corner, 0, None).prod(axis=1)
    least = np.finfo(np.float32).tiny
    union = np.maximum(areas + areas[index] - shared, least)
    return shared / union, shared / np.maximum(np.minimum(areas, areas[index]), least)
