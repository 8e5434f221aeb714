"""Finds faces with YuNet, a detector that has to be downloaded (`invigil models pull yunet`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort

from invigil.vision.detection import Detection, blended, largest_first
from invigil.vision.geometry import Floats, RgbImage, letterbox
from invigil.vision.landmarks import YUNET, Layout
from invigil.vision.registry import ModelEntry
from invigil.vision.runtime import WeightsError, read_weights, session_of

# Longer side of its input; the other one is the next multiple of the largest stride.
_INPUT_SIZE = 320
_STRIDES = (8, 16, 32)
_OUTPUTS = tuple(
    f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in _STRIDES
)
_SCORE = 0.6
_OVERLAP = 0.3
# The published file is fixed to 1 x 3 x 640 x 640. The same bytes with names in place of the two
# sizes let it take any: nothing else in the graph depends on them.
_FIXED = b"\n\x02\x08\x01\n\x02\x08\x03\n\x03\x08\x80\x05\n\x03\x08\x80\x05"
_FREE = b"\n\x02\x08\x01\n\x02\x08\x03\n\x03\x12\x01h\n\x03\x12\x01w"


def open_yunet(model: ModelEntry, folder: Path) -> ort.InferenceSession:
    weights = read_weights(model, folder)
    if weights.count(_FIXED) != 1:
        raise WeightsError(f"{model.weights} has not the input that is known of {model.name}.")
    return session_of(weights.replace(_FIXED, _FREE))


class YuNetDetector:
    """Safe to share between threads: it keeps nothing but an onnxruntime session."""

    layout: Layout = YUNET

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def detect(self, image: RgbImage) -> list[Detection]:
        """The faces that can be believed, the largest first."""
        longer = max(image.shape[:2])
        height, width = (_padded(side * _INPUT_SIZE / longer) for side in image.shape[:2])
        canvas, scale, offset = letterbox(image, width, height)
        pixels = canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        outputs = dict(
            zip(_OUTPUTS, self._session.run(list(_OUTPUTS), {"input": pixels}), strict=True)
        )
        parts = [_decoded(outputs, stride, width // stride) for stride in _STRIDES]
        scores, boxes, points = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= _SCORE]
        found = blended(boxes[order], scores[order], points[order], _OVERLAP)
        return largest_first([face.placed(scale, offset) for face in found])


def _padded(side: float) -> int:
    largest = max(_STRIDES)
    return max(1, -(-round(side) // largest)) * largest


def _decoded(
    outputs: dict[str, Floats], stride: int, columns: int
) -> tuple[Floats, Floats, Floats]:
    """Scores, boxes and five points of every cell of one stride, in pixels of the input."""
    cls, obj = (np.clip(outputs[f"{kind}_{stride}"][0, :, 0], 0, 1) for kind in ("cls", "obj"))
    box, points = outputs[f"bbox_{stride}"][0], outputs[f"kps_{stride}"][0]
    rows, column = np.divmod(np.arange(len(box)), columns)
    cells = np.stack([column, rows], axis=-1).astype(np.float32)
    centres = (cells + box[:, :2]) * stride
    sizes = np.exp(np.minimum(box[:, 2:], 10)) * stride
    boxes = np.hstack([centres - sizes / 2, centres + sizes / 2])
    return np.sqrt(cls * obj), boxes, (points.reshape(-1, 5, 2) + cells[:, None]) * stride
