"""So many calls a minute for each key."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from invigil.domain.errors import TooManyRequests

MINUTE_S = 60.0
PHOTOS_PER_MINUTE = 10
"""Reference photos of one candidate: each may take a second of a processor core, and each stays,
whether or not another takes its place, since a proctor may have looked at it."""

_TIDY_FROM = 10_000


@dataclass(slots=True)
class _Calls:
    """Calls of the minute that began at `since`, and of the minute before it."""

    since: float
    count: int = 0
    before: int = 0


class Limiter:
    """Keys are tokens, or addresses before there is one.

    Two numbers for each key and no timer, so that a frame costs no more with a thousand
    candidates than with one: of the calls of the minute before, as many count as if they had come
    evenly. `clock`: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, ...], _Calls] = {}
        self._tidy_from = _TIDY_FROM

    def require(self, per_minute: int, *key: str) -> None:
        """Raise `TooManyRequests` when the key has used its calls up."""
        now = self._clock()
        calls = self._calls.get(key)
        if calls is None:
            calls = self._calls[key] = _Calls(now)
            self._tidy(now)
        minutes = int((now - calls.since) / MINUTE_S)
        if minutes > 0:
            calls.before = calls.count if minutes == 1 else 0
            calls.count = 0
            calls.since += minutes * MINUTE_S
        over = int(calls.before * (now - calls.since) / MINUTE_S) + 1
        if calls.count + max(0, calls.before - over) >= per_minute:
            raise TooManyRequests
        calls.count += 1

    def _tidy(self, now: float) -> None:
        """Forget those who have not called for two minutes, seldom enough to cost nothing."""
        if len(self._calls) <= self._tidy_from:
            return
        late = now - 2 * MINUTE_S
        self._calls = {key: calls for key, calls in self._calls.items() if calls.since > late}
        self._tidy_from = max(_TIDY_FROM, 2 * len(self._calls))
