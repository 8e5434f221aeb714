"""Time that moves only when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


class Clock:
    """A machine's: the time of day, which may be set back, and seconds that only go forward."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self._passed = timedelta()

    def __call__(self) -> datetime:
        return self.now

    def advance(
        self, seconds: float = 0, *, ms: float = 0, minutes: float = 0, days: float = 0
    ) -> datetime:
        """Time passes; less than nothing is a clock that is set back, as by `set_back`."""
        step = timedelta(days=days, minutes=minutes, seconds=seconds, milliseconds=ms)
        self.now += step
        self._passed += max(step, timedelta())
        return self.now

    def set_back(self, seconds: float) -> datetime:
        """The time of day is another, and no time has passed."""
        self.now -= timedelta(seconds=seconds)
        return self.now

    def monotonic(self) -> float:
        return self._passed.total_seconds()


def wire(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
