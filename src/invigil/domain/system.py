"""How the server itself is, in the words of the console."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Space(StrEnum):
    """How much room is left for images."""

    OK = "ok"
    LOW = "low"
    FULL = "full"


class AnalysisState(StrEnum):
    OK = "ok"
    BUSY = "busy"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """`interval_factor`: how much longer than planned the time between frames is."""

    storage: Space
    analysis: AnalysisState
    interval_factor: float
    text: str | None
