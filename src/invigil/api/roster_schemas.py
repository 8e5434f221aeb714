"""The JSON of personal invites and of what is arranged for a candidate."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from invigil.api.base_schemas import In, Out
from invigil.domain import accommodations as a
from invigil.domain.incident import IncidentKind
from invigil.domain.invite import InviteState


class NewAccommodations(In):
    """All of what is arranged; it takes the place of what was arranged before."""

    detectors_off: list[IncidentKind] = Field(
        default_factory=list,
        max_length=len(IncidentKind),
        description=f"Not reported: some of {', '.join(a.CAN_BE_OFF)}.",
    )
    sampling_interval_s: int | None = Field(
        None, ge=1, le=a.MOST_SECONDS, description="A picture so often, where that is less often."
    )
    breaks: int = Field(0, ge=0, le=a.MOST_BREAKS)
    break_minutes: int = Field(0, ge=0, le=a.MOST_BREAK_MINUTES, description="Of each break.")
    extra_time_percent: int = Field(
        0, ge=0, le=a.MOST_EXTRA_PERCENT, description="Information: 25 is a quarter more time."
    )


class AccommodationsOut(Out):
    """`words`: the same as the candidate reads it; empty when nothing is arranged."""

    detectors_off: list[IncidentKind]
    sampling_interval_s: int | None
    breaks: int
    break_minutes: int
    extra_time_percent: int
    words: list[str]


class JoinInvite(Out):
    """What the owner of a personal link reads. `resumes`: this person has joined before."""

    name: str
    opens_at: datetime | None
    closes_at: datetime | None
    resumes: bool


class Invite(Out):
    """`link` is there once, in the answer that made it: the server keeps only its hash."""

    id: str
    name: str
    email: str | None
    external_id: str | None
    state: InviteState
    link_works: bool
    opens_at: datetime | None
    closes_at: datetime | None
    joined_at: datetime | None
    candidate_id: str | None
    accommodations: list[str]
    link: str | None = None


class Invites(Out):
    invited_only: bool
    invites: list[Invite]


class ImportedInvites(Out):
    """`csv`: names and links for whoever sends them out, safe to open in a spreadsheet."""

    invites: list[Invite]
    csv: str


class Admission(In):
    invited_only: bool
