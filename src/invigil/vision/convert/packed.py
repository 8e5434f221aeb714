"""The file that a kernel reads: arrays one behind the other, in the order of computation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# As in kernels.h: where an array may begin, in bytes, and numbers in one vector.
ALIGNMENT = 64
LANES = 8
_MOST_SUM = 2**31 - 1

Doubles = NDArray[np.float64]


class Packed:
    """Collects arrays; the same arrays give the same bytes on every machine."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, values: NDArray[Any]) -> None:
        self._bytes += np.ascontiguousarray(values).tobytes()
        self._bytes += bytes(-len(self._bytes) % ALIGNMENT)

    def add_floats(self, values: NDArray[Any]) -> None:
        self.add(np.asarray(values, dtype=np.float32))

    def save(self, target: Path) -> None:
        target.write_bytes(self._bytes)


def rounded(weights: Doubles, most: int, most_input: int) -> tuple[Doubles, Doubles]:
    """Rows of `weights` as whole numbers up to `most` and the step of each row.

    Steps are large enough for the sum of a row's products with inputs up to `most_input` to stay
    within 32 bits, whatever the inputs are. Raises `ValueError` should they not be.
    """
    # Rounding adds half a step to each number at most. fsum is exact, so that the bytes are the
    # same whatever vector unit numpy sums with.
    most_total = _MOST_SUM / most_input - weights.shape[1] / 2
    totals = np.array([math.fsum(row) / most_total for row in np.abs(weights)])
    steps = np.maximum(np.abs(weights).max(axis=1) / most, totals)
    steps = np.where(steps > 0, steps, 1.0).astype(np.float32).astype(np.float64)
    small = np.rint(weights / steps[:, None])
    # The least 16-bit number lies one further from zero than the greatest.
    if float(np.abs(small).sum(axis=1).max()) * (most_input + 1) > _MOST_SUM:
        raise ValueError("the sum of a row's products may not fit into 32 bits")
    return small, steps


def filled_up(values: NDArray[Any], multiple: int) -> NDArray[Any]:
    """With zeros behind the last row, up to a multiple of rows."""
    behind = [(0, 0)] * values.ndim
    behind[0] = (0, -len(values) % multiple)
    return np.pad(values, behind)
