"""Finds faces with BlazeFace, and looks twice before it believes a doubtful one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from invigil.vision.detection import Detection, apart_from, blended, largest_first
from invigil.vision.geometry import (
    Floats,
    RgbImage,
    Shrink,
    cut_square,
    letterbox,
    quickly_smaller,
)
from invigil.vision.landmarks import BLAZEFACE, LEFT_EYE, MOUTH, NOSE, RIGHT_EYE, Layout
from invigil.vision.networks import HEIGHTS, INPUT_WIDTH, BlazeFace
from invigil.vision.registry import DetectorLimits

__all__ = ["BlazeFaceDetector", "Detection"]

# With more black than this a square is taken all the same: small faces near the edge of the
# picture score a little lower with some black around them than with much or none.
_MOST_BLACK = 16
# stride in pixels and anchors for each cell of its two grids
_GRIDS = ((16, 2), (32, 6))
# The face takes this share of the side of the crop on which it is looked at again. With much of
# its surroundings in view a hand or a pattern is least often mistaken for a face.
_SECOND_LOOK_SHARE = 0.25
# Under this score there are so many anchors that blending them would only cost time.
_FLOOR = 0.05
# In shares of the box side: a profile still shows its eyes this far apart.
_LEAST_SPAN = 0.08
# Where the nose may lie on the way from the eyes (0) to the mouth (1).
_NOSE_BETWEEN = (-0.25, 1.25)


class BlazeFaceDetector:
    """Safe to share between threads, as its network is."""

    layout: Layout = BLAZEFACE

    def __init__(
        self, network: BlazeFace, limits: DetectorLimits, *, shrink: Shrink = quickly_smaller
    ) -> None:
        self._network = network
        self._limits = limits
        self._shrink = shrink
        self._anchors = {height: _anchor_values(height) for height in HEIGHTS}

    def detect(self, image: RgbImage) -> list[Detection]:
        """The faces that can be believed, the largest first."""
        canvas, scale, offset = letterbox(
            image, INPUT_WIDTH, _height_for(image), shrink=self._shrink
        )
        limits = self._limits
        found = self._anchored(canvas, min(limits.candidate_score, limits.cut_off_candidate_score))
        faces = self._blended(found.upto(limits.candidate_score))
        # Few anchors reach out of the picture, so this hardly ever costs anything.
        height, width = image.shape[:2]
        edges = np.array([0, 0, width, height], dtype=np.float32) * scale + np.tile(offset, 2)
        cut_off = self._blended(found.beyond(edges, limits.cut_off_beyond))
        faces += apart_from(faces, cut_off, limits.overlap)
        return largest_first(self._believed(image, [f.placed(scale, offset) for f in faces]))

    def _believed(self, image: RgbImage, candidates: Sequence[Detection]) -> list[Detection]:
        """`candidates` come best first (in the two kinds, the cut off last), so the first
        believed one is the candidate's own face.

        An alarm hangs on every further one: it must score high at once or in the second look,
        and must not be tiny beside the first.
        """
        limits = self._limits
        believed: list[Detection] = []
        looks_left = limits.second_looks
        for found in candidates:
            if believed and found.side < limits.smallest_beside_another * believed[0].side:
                continue
            face = found
            if found.score < limits.sure_score:
                face = replace(found, cut_off=found.beyond(image) > limits.cut_off_beyond)
                if not looks_left or face.score < self._least(face):
                    continue
                looks_left -= 1
                if not self._confirmed(image, face, alone=not believed):
                    continue
            if _plausible(face):
                believed.append(face)
        return believed

    def _least(self, face: Detection) -> float:
        limits = self._limits
        return limits.cut_off_candidate_score if face.cut_off else limits.candidate_score

    def _confirmed(self, image: RgbImage, face: Detection, *, alone: bool) -> bool:
        """Whether a face is still one on a crop of its own.

        Where the edge of the picture cuts it, its own mirror image takes the place of what is not
        there: with black there half a face is none to the network.
        """
        limits = self._limits
        strict = limits.second_look_score_beside_another
        if face.cut_off and self._second_look(image, face, mirrored=True) >= strict:
            return True
        needed = limits.second_look_score if alone else strict
        return face.score >= limits.candidate_score and self._second_look(image, face) >= needed

    def _second_look(self, image: RgbImage, face: Detection, *, mirrored: bool = False) -> float:
        """The score of the same face on a crop of its own."""
        side = face.side / _SECOND_LOOK_SHARE
        crop, scale, offset = cut_square(image, face.centre, side, INPUT_WIDTH, mirrored=mirrored)
        found = (again.placed(scale, offset) for again in self._search(crop))
        same = (again.score for again in found if again.overlap(face) > self._limits.overlap)
        return max(same, default=0.0)

    def _search(self, canvas: RgbImage) -> list[Detection]:
        """All that might be faces on a picture of one of the input sizes, the best first."""
        return self._blended(self._anchored(canvas, _FLOOR))

    def _anchored(self, canvas: RgbImage, lowest: float) -> _Anchored:
        logits, found = self._network(canvas)
        # Nearly all anchors fall here, before anything is computed for them.
        likely = np.flatnonzero(logits >= _logit(lowest))
        doubts = -logits[likely]
        order = doubts.argsort(kind="stable")
        scores = np.asarray(1 / (1 + np.exp(doubts[order])), dtype=np.float32)
        rows = likely[order]
        values = found[rows] + self._anchors[canvas.shape[0]][rows]
        centres, halves = values[:, :2], values[:, 2:4] / 2
        boxes = np.concatenate([centres - halves, centres + halves], axis=1)
        return _Anchored(boxes, scores, values[:, 4:].reshape(-1, 6, 2))

    def _blended(self, found: _Anchored) -> list[Detection]:
        return blended(*found, self._limits.overlap) if len(found.scores) else []


class _Anchored(NamedTuple):
    """What single anchors say, the best first: (n, 4), (n,) and (n, 6, 2)."""

    boxes: Floats
    scores: Floats
    points: Floats

    def upto(self, least: float) -> _Anchored:
        """Those that score at least so much."""
        count = int(np.count_nonzero(self.scores >= least))
        return _Anchored(*(each[:count] for each in self))

    def beyond(self, edges: Floats, share: float) -> _Anchored:
        """Those that reach out of a picture with these `edges` by more than `share` of a side."""
        outside = np.concatenate([edges[:2] - self.boxes[:, :2], self.boxes[:, 2:] - edges[2:]], 1)
        sides = np.max(self.boxes[:, 2:] - self.boxes[:, :2], axis=1, initial=0)
        out = np.flatnonzero(np.max(outside, axis=1, initial=-np.inf) > share * sides)
        return _Anchored(*(each[out] for each in self))


def _logit(score: float) -> float:
    return math.log(score / (1 - score))


def _height_for(image: RgbImage) -> int:
    height, width = image.shape[:2]
    rows = round(height * INPUT_WIDTH / max(height, width))
    fitting = (each for each in HEIGHTS if 0 <= each - rows <= _MOST_BLACK)
    return next(fitting, INPUT_WIDTH)


def _anchor_values(height: int) -> Floats:
    """What the network's values are counted from, (anchors, 16): the centre, but 0 for the size."""
    centres = []
    for stride, count in _GRIDS:
        rows, columns = np.mgrid[: height // stride, : INPUT_WIDTH // stride]
        grid = np.stack([columns, rows], axis=-1).reshape(-1, 2)
        centres.append(((grid + 0.5) * stride).repeat(count, axis=0))
    values = np.tile(np.concatenate(centres), 8).astype(np.float32)
    values[:, 2:4] = 0
    return values


def _plausible(face: Detection) -> bool:
    """Eyes apart, and the mouth on the far side of the nose from them."""
    if face.width <= 0 or face.height <= 0:
        return False
    points = face.points.tolist()
    (right_x, right_y), (left_x, left_y) = points[RIGHT_EYE], points[LEFT_EYE]
    eyes_x, eyes_y = (right_x + left_x) / 2, (right_y + left_y) / 2
    down_x, down_y = points[MOUTH][0] - eyes_x, points[MOUTH][1] - eyes_y
    apart, length = math.hypot(left_x - right_x, left_y - right_y), math.hypot(down_x, down_y)
    if min(apart, length) < _LEAST_SPAN * face.side:
        return False
    nose_x, nose_y = points[NOSE][0] - eyes_x, points[NOSE][1] - eyes_y
    along: float = (nose_x * down_x + nose_y * down_y) / length**2
    return _NOSE_BETWEEN[0] < along < _NOSE_BETWEEN[1]
