"""Legal holds: what must not be deleted for now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Keeps a whole session, or one candidate of it, from being deleted or erased.

    `candidate_id` None: the whole session.
    """

    id: str
    session_id: str
    candidate_id: str | None
    reason: str
    set_at: datetime
    set_by: str
    released_at: datetime | None = None
    released_by: str | None = None

    @property
    def active(self) -> bool:
        return self.released_at is None
