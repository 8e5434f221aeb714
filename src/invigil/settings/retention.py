"""Settings of how long each kind of data is kept."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from invigil.domain.retention import RetentionPlan

_DEFAULT = "Default: as long as the session says."


def _days(default: int | None, what: str) -> int | None:
    days: int | None = Field(
        default,
        ge=1,
        le=365,
        description=f"Days {what} kept at most; a session may say less."
        if default
        else f"Days {what} kept at most; a session may say less. {_DEFAULT}",
    )
    return days


class RetentionSettings(BaseSettings):
    retention_templates_days: int | None = _days(
        2, "templates of candidates who were not seen since are"
    )
    retention_stills_days: int | None = _days(
        1, "the newest picture of candidates who were not seen since is"
    )
    retention_reference_photos_days: int | None = _days(None, "reference photos are")
    retention_evidence_days: int | None = _days(None, "pictures of incidents are")
    retention_observations_days: int | None = _days(None, "observations are")
    retention_records_days: int | None = _days(
        None, "incidents, decisions, messages and candidates themselves are"
    )

    @property
    def retention_plan(self) -> RetentionPlan:
        return RetentionPlan(
            templates=self.retention_templates_days,
            stills=self.retention_stills_days,
            reference_photos=self.retention_reference_photos_days,
            evidence=self.retention_evidence_days,
            observations=self.retention_observations_days,
            records=self.retention_records_days,
        )
