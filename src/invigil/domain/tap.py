"""What the server sees when it looks at live video itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TapLook:
    """One look at a candidate's live track, beside the newest picture that the page has posted.

    `similarity`: of the two pictures, from -1 to 1; None where nothing can be said.
    """

    id: str
    at: datetime
    similarity: float | None
