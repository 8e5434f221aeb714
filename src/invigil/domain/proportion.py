"""Shares of a count, and how sure they are."""

from __future__ import annotations

import math

_Z = 1.959963984540054
"""Of a normal distribution, for 95 percent on both sides."""


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion; it holds near 0 and 1 too. `total` >= 1."""
    if not 0 <= hits <= total or total < 1:
        raise ValueError(f"{hits} of {total} is no proportion")
    share, z2 = hits / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    half /= 1 + z2 / total
    # At the ends the formula gives the end itself, up to rounding.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == total else min(1.0, middle + half)
    return low, high
