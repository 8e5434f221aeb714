"""What the detector and the embedder ask of a network, and the networks in onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import onnxruntime as ort

from invigil.vision.geometry import Floats, RgbImage

# Of BlazeFace's input, in pixels. For 16:9 and 4:3 there is no need to look at as much black as a
# square has.
INPUT_WIDTH = 256
HEIGHTS = (160, 192, INPUT_WIDTH)
# How many features of a face.
RESNET_WIDTH = 128
FACERES_WIDTH = 1024
_OUTPUTS = ("scores_16", "boxes_16", "scores_32", "boxes_32")


class BlazeFace(Protocol):
    """Safe to call from several threads at once."""

    def __call__(self, canvas: RgbImage) -> tuple[Floats, Floats]:
        """`canvas`: (one of HEIGHTS, INPUT_WIDTH, 3).

        Gives scores before the sigmoid, (anchors,), and box and six key points of each, (anchors,
        16), in pixels from the anchor's centre: first all anchors of stride 16, then those of 32.
        """
        ...


class DlibResNet(Protocol):
    """Safe to call from several threads at once."""

    def __call__(self, chips: RgbImage) -> Floats:
        """`chips`: (n, 150, 150, 3), aligned faces. Gives their features, (n, RESNET_WIDTH)."""
        ...


class FaceRes(Protocol):
    """Safe to call from several threads at once."""

    def __call__(self, chips: RgbImage) -> Floats:
        """`chips`: (n, 224, 224, 3), aligned faces. Gives their features, (n, FACERES_WIDTH)."""
        ...


class OnnxBlazeFace:
    """In 32 bits, on every processor."""

    def __init__(self, sessions: ort.InferenceSession | Mapping[int, ort.InferenceSession]) -> None:
        """`sessions`: one for each of `HEIGHTS`, or one for them all, which is slower."""
        if not isinstance(sessions, Mapping):
            sessions = dict.fromkeys(HEIGHTS, sessions)
        self._sessions = sessions

    def __call__(self, canvas: RgbImage) -> tuple[Floats, Floats]:
        small_scores, small_boxes, large_scores, large_boxes = self._sessions[canvas.shape[0]].run(
            list(_OUTPUTS), {"image": canvas[None]}
        )
        scores = np.concatenate([small_scores[0, :, 0], large_scores[0, :, 0]])
        return scores, np.concatenate([small_boxes[0], large_boxes[0]])


class OnnxFeatures:
    """dlib's ResNet or FaceRes, in 32 bits, on every processor."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def __call__(self, chips: RgbImage) -> Floats:
        (features,) = self._session.run(["features"], {"chip": chips})
        return np.asarray(features, dtype=np.float32)
