"""How long each kind of data is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from invigil.domain.session import ExamSession


class DataClass(StrEnum):
    """What is deleted together. The audit log is none of them: it is never deleted."""

    TEMPLATES = "templates"
    STILLS = "stills"
    REFERENCE_PHOTOS = "reference_photos"
    EVIDENCE = "evidence"
    OBSERVATIONS = "observations"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """Days each class is kept at most; None: as long as the session says.

    The session's own number of days is what its candidates were told, so that a class can be kept
    for a shorter time, and never for a longer one. Nothing outlives the records it belongs to.
    """

    templates: int | None = 2
    stills: int | None = 1
    reference_photos: int | None = None
    evidence: int | None = None
    observations: int | None = None
    records: int | None = None

    def days(self, data_class: DataClass, session_days: int) -> int:
        """Days in a session that says `session_days`."""
        own: int | None = getattr(self, data_class.value)
        return min(days for days in (own, self.records, session_days) if days is not None)

    def before(self, data_class: DataClass, session: ExamSession, now: datetime) -> datetime:
        """What is older than this is past its day."""
        return now - timedelta(days=self.days(data_class, session.retention_days))

    def cutoffs(self, session: ExamSession, now: datetime) -> dict[DataClass, datetime]:
        return {each: self.before(each, session, now) for each in DataClass}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A clean-up that waits for a human's word."""

    due: int
    all: int
    last: datetime

    @property
    def words(self) -> str:
        return (
            f"{self.due} of {self.all} things would be deleted at once, and the last clean-up was "
            f"on {self.last:%Y-%m-%d %H:%M} UTC. Is the clock of this machine right? Nothing is "
            "deleted until somebody runs `invigil retention run --confirm`."
        )


@dataclass(frozen=True, slots=True)
class Swept:
    """What a clean-up deleted, by class, or why it did nothing."""

    counts: Mapping[str, int] = field(default_factory=dict)
    refused: Refusal | None = None

    @property
    def things(self) -> int:
        return sum(self.counts.values())
