"""Whether the face on a frame is still the one of the frame before: then nobody has to be compared.

It only ever says that a face has not left, and only once: the frame after is compared by its
features again. A swap that could deceive this is seen a frame later, if it lasts as long.
"""

from __future__ import annotations

import cv2
import numpy as np

from invigil.domain.observation import Trace
from invigil.vision.geometry import Floats, GreyImage

NAME = "tracker@1"
"""What `Observation.models` names in place of the embedder."""

SIDE = 24
_FINER = 3  # so many pixels a side are averaged for each that is kept


def trace(grey: GreyImage, alignment: Floats, chip_size: int, model: str) -> Trace:
    """`alignment`: (2, 3), from pixels of `grey` to those of a chip with `chip_size` a side."""
    fine = (SIDE * _FINER, SIDE * _FINER)
    chip = cv2.warpAffine(grey, alignment * np.float32(fine[0] / chip_size), fine)
    small = cv2.resize(chip, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return Trace(model, small.tobytes())


def has_not_left(before: Trace, now: Trace, least: float) -> bool:
    """Whether both show one face in nearly the same light and posture. `least`: `correlation`."""
    return before.model == now.model and correlation(before, now) >= least


def correlation(one: Trace, other: Trace) -> float:
    """Pearson's, -1..1; 0 where there is nothing but an even surface."""
    values = np.frombuffer(one.look + other.look, dtype=np.uint8).reshape(2, -1)
    moved = values - values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(moved, axis=1)
    return float(moved[0] @ moved[1] / max(float(lengths.prod()), 1.0))
