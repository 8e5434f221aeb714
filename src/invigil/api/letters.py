"""How many letters one candidate's page may send over its live socket."""

from __future__ import annotations

import time
from collections.abc import Callable

from invigil.domain.errors import TooManyRequests

AT_ONCE = 200
"""Ten consoles that open at the same moment get an offer and some fifteen addresses each."""

PER_S = 20.0
LETTER = 4096
"""A longer letter counts as several."""

CLAIMS_PER_MINUTE = 60
"""Each says something of the camera, and may leave a record."""


class LetterBudget:
    """Of one socket: `AT_ONCE` letters, and `PER_S` more a second. `clock`: seconds that only go
    forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(AT_ONCE)
        self._since = clock()

    def spend(self, length: int) -> None:
        """For a letter of so many characters. Raises `TooManyRequests` when there is none left."""
        now = self._clock()
        self._left = min(AT_ONCE, self._left + (now - self._since) * PER_S)
        self._since = now
        self._left -= 1 + length // LETTER
        if self._left < 0:
            raise TooManyRequests
