"""What of a picture tells whether it is the very same picture again, and whether it shows anything.

A live sensor never gives the same picture twice: its noise alone turns many bits of the
fingerprint. A film that is played again, or a still, turns none. The fingerprint shows nothing of
what is on the picture and cannot be turned back into one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from invigil.vision.geometry import GreyImage

BITS = 256
_CELLS = 16  # a side
_WIDE, _HIGH = 160, 120  # pixels of the thumbnail
_CELL_WIDE, _CELL_HIGH = 10, 7  # leaves out a few rows above and below
_SMOOTH = 9  # pixels: what is larger than this is the scene and not its fine detail
_MOST = 6  # an edge must not drown the noise around it
# How far the mean of a cell may move before its bit turns; noise moves it as far.
_STEP = 0.17
_BUSY = 0.5  # least share of cells with any detail: evenly black pictures are all the same

# Fixed for ever: fingerprints that are compared must be made with the same numbers.
_random = np.random.default_rng(20260504)
_SIGNS = _random.choice(np.array([-1, 1], dtype=np.float32), (_CELLS * _CELL_HIGH, _WIDE))
_PHASES = _random.uniform(0, 1, BITS).astype(np.float32)

_LOOK_WIDE, _LOOK_HIGH = 32, 24
_EVEN_STEP = 3.0  # 0..255, between neighbours of that small a picture, for nearly all of them
_DARK_LUMA, _DARK_CONTRAST = 14.0, 6.0


def thumbnail(grey: GreyImage) -> GreyImage:
    """Of what the other two functions look at.

    Halving is several times quicker than any other factor, and webcams' pictures allow it.
    """
    half = (_WIDE * 2, _HIGH * 2)
    if grey.shape[1] > half[0]:
        grey = np.asarray(cv2.resize(grey, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    small = cv2.resize(grey, (_WIDE, _HIGH), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def fingerprint(grey: NDArray[np.uint8]) -> bytes | None:
    """`BITS` bits of a thumbnail; None where it is too even for its noise to be seen."""
    even = cv2.blur(grey, (_SMOOTH, _SMOOTH))
    above = (_HIGH - len(_SIGNS)) // 2
    rows = slice(above, above + len(_SIGNS))
    # Whole numbers, but as means are taken of them: each conversion would be one more pass.
    detail = np.asarray(cv2.subtract(grey[rows], even[rows], dtype=cv2.CV_32F), dtype=np.float32)
    fine = detail.clip(-_MOST, _MOST)
    if np.count_nonzero(_means(np.abs(fine))) < _BUSY * BITS:
        return None
    phases = np.floor(_means(fine * _SIGNS) * (1 / _STEP) + _PHASES)
    return np.packbits(phases % 2 != 0).tobytes()


def shows_nothing(grey: NDArray[np.uint8]) -> bool:
    """Whether a thumbnail is nearly even all over, or black, as behind tape, a hand or a lid."""
    size = (_LOOK_WIDE, _LOOK_HIGH)
    small = cv2.resize(grey.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    if small.mean() < _DARK_LUMA and small.std() < _DARK_CONTRAST:
        return True
    steps = [np.abs(np.diff(small, axis=axis)).ravel() for axis in (0, 1)]
    return bool(np.percentile(np.concatenate(steps), 95) < _EVEN_STEP)


def _means(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each cell, row by row."""
    cells = cv2.resize(values, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, dtype=np.float32).ravel()
