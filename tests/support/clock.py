"""Time that moves only when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


class Clock:
    """A `invigil.clock.Clock`."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(
        self, seconds: float = 0, *, ms: float = 0, minutes: float = 0, days: float = 0
    ) -> datetime:
        self.now += timedelta(days=days, minutes=minutes, seconds=seconds, milliseconds=ms)
        return self.now


def wire(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
