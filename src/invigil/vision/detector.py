"""Finds faces with BlazeFace, and looks twice before it believes a doubtful one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort

from invigil.vision.geometry import Floats, RgbImage, cut_square, letterbox
from invigil.vision.registry import DetectorLimits

# The six points of BlazeFace; right and left are the person's own.
RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)

_INPUT_SIZE = 256
# stride in pixels and anchors for each cell of its two grids
_GRIDS = ((16, 2), (32, 6))
_OUTPUTS = ("scores_16", "boxes_16", "scores_32", "boxes_32")
# The face takes this share of the side of the crop on which it is looked at again. With much of
# its surroundings in view a hand or a pattern is least often mistaken for a face.
_SECOND_LOOK_SHARE = 0.25
# Raw scores beyond this are certain either way; the cut keeps exp() in its range.
_LOGIT_RANGE = 80.0
# Under this score there are so many anchors that blending them would only cost time.
_FLOOR = 0.05
# In shares of the box side: a profile still shows its eyes this far apart.
_LEAST_SPAN = 0.08
# Where the nose may lie on the way from the eyes (0) to the mouth (1).
_NOSE_BETWEEN = (-0.25, 1.25)


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """`box` is left, top, right, bottom, and `points` the six of BlazeFace, in pixels."""

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


class BlazeFaceDetector:
    """Safe to share between threads: it keeps nothing but an onnxruntime session."""

    def __init__(self, session: ort.InferenceSession, limits: DetectorLimits) -> None:
        self._session = session
        self._limits = limits
        self._anchors = _anchor_centres()

    def detect(self, image: RgbImage) -> list[Detection]:
        """The faces that can be believed, the largest first."""
        canvas, scale, offset = letterbox(image, _INPUT_SIZE)
        found = self._search(canvas, self._limits.candidate_score)
        faces = self._believed(image, [face.placed(scale, offset) for face in found])
        return sorted(faces, key=lambda face: face.width * face.height, reverse=True)

    def _believed(self, image: RgbImage, candidates: Sequence[Detection]) -> list[Detection]:
        """`candidates` come best first, so the first believed one is the candidate's own face.

        An alarm hangs on every further one: it must score high at once or in the second look,
        and must not be tiny beside the first.
        """
        limits = self._limits
        believed: list[Detection] = []
        looks_left = limits.second_looks
        for face in candidates:
            if believed and face.side < limits.smallest_beside_another * believed[0].side:
                continue
            if face.score < limits.sure_score:
                if not looks_left:
                    continue
                looks_left -= 1
                needed = (
                    limits.second_look_score_beside_another
                    if believed
                    else limits.second_look_score
                )
                if self._second_look(image, face) < needed:
                    continue
            if _plausible(face):
                believed.append(face)
        return believed

    def _second_look(self, image: RgbImage, face: Detection) -> float:
        """The score of the same face on a crop of its own."""
        side = face.side / _SECOND_LOOK_SHARE
        crop, scale, offset = cut_square(image, face.centre, side, _INPUT_SIZE)
        found = (again.placed(scale, offset) for again in self._search(crop, 0.0))
        same = (again.score for again in found if again.overlap(face) > self._limits.overlap)
        return max(same, default=0.0)

    def _search(self, canvas: RgbImage, lowest: float) -> list[Detection]:
        """Faces on a picture of the input size, the best first."""
        small_scores, small_boxes, large_scores, large_boxes = self._session.run(
            list(_OUTPUTS), {"image": canvas[None]}
        )
        logits = np.concatenate([small_scores[0, :, 0], large_scores[0, :, 0]])
        values = np.concatenate([small_boxes[0], large_boxes[0]])
        scores = 1 / (1 + np.exp(-np.clip(logits, -_LOGIT_RANGE, _LOGIT_RANGE)))
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= max(lowest, _FLOOR)]
        centres, sizes = values[order, :2] + self._anchors[order], values[order, 2:4]
        boxes = np.hstack([centres - sizes / 2, centres + sizes / 2])
        points = values[order, 4:].reshape(-1, 6, 2) + self._anchors[order, None]
        return _blended(boxes, scores[order], points, self._limits.overlap)


def _anchor_centres() -> Floats:
    centres = []
    for stride, count in _GRIDS:
        cells = _INPUT_SIZE // stride
        rows, columns = np.mgrid[:cells, :cells]
        grid = np.stack([columns, rows], axis=-1).reshape(-1, 2)
        centres.append(((grid + 0.5) * stride).repeat(count, axis=0))
    return np.concatenate(centres).astype(np.float32)


def _blended(boxes: Floats, scores: Floats, points: Floats, overlap: float) -> list[Detection]:
    """Non-maximum suppression that averages what it merges, weighted by score."""
    faces: list[Detection] = []
    open_ = np.ones(len(scores), dtype=bool)
    for best in range(len(scores)):
        if not open_[best]:
            continue
        group = open_ & (_overlaps(boxes, best) > overlap)
        group[best] = True
        open_ &= ~group
        weights = scores[group] / scores[group].sum()
        box = (boxes[group] * weights[:, None]).sum(axis=0)
        six = (points[group] * weights[:, None, None]).sum(axis=0)
        faces.append(Detection(box.astype(np.float32), float(scores[best]), six.astype(np.float32)))
    return faces


def _overlaps(boxes: Floats, index: int) -> Floats:
    sizes = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    areas = sizes.prod(axis=1)
    corner = np.maximum(boxes[:, :2], boxes[index, :2])
    opposite = np.minimum(boxes[:, 2:], boxes[index, 2:])
    shared = np.clip(opposite - corner, 0, None).prod(axis=1)
    union = np.maximum(areas + areas[index] - shared, np.finfo(np.float32).tiny)
    return np.asarray(shared / union, dtype=np.float32)


def _plausible(face: Detection) -> bool:
    """Eyes apart, and the mouth on the far side of the nose from them."""
    if face.width <= 0 or face.height <= 0:
        return False
    eyes = (face.points[RIGHT_EYE] + face.points[LEFT_EYE]) / 2
    eye_line = face.points[LEFT_EYE] - face.points[RIGHT_EYE]
    down = face.points[MOUTH] - eyes
    apart, length = float(np.linalg.norm(eye_line)), float(np.linalg.norm(down))
    if apart < _LEAST_SPAN * face.side or length < _LEAST_SPAN * face.side:
        return False
    along = float(np.dot(face.points[NOSE] - eyes, down)) / length**2
    return _NOSE_BETWEEN[0] < along < _NOSE_BETWEEN[1]
