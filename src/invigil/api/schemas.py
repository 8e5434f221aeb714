"""The JSON that goes over the wire. No template and no raw score is in any of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, field_validator

from invigil.api.acts_schemas import AnswerDays, AnswerOut, DecisionOut
from invigil.api.base_schemas import In, MaybeName, Name, Out, Reason, Text, Title, plain
from invigil.api.roster_schemas import AccommodationsOut, JoinInvite
from invigil.domain.actor import Role
from invigil.domain.candidate import CameraClaim, CandidateState, WaitingReason
from invigil.domain.changes import WarningCode
from invigil.domain.incident import (
    Comparison,
    Decision,
    EvidenceMissing,
    GapCause,
    IncidentKind,
    IncidentState,
    Severity,
    Source,
)
from invigil.domain.message import MessageKind, Sender
from invigil.domain.observation import Identity, Unusable
from invigil.domain.session import OwnIncidents
from invigil.domain.system import AnalysisState, Space
from invigil.meetings.port import Isolation

# What routers with schemas of their own take from here.
__all__ = ["In", "MaybeName", "Name", "Out", "Reason", "Text", "Title"]


class InviteWindow(Out):
    opens_at: datetime | None
    closes_at: datetime


class ErrorBody(Out):
    code: str
    message: str
    fix: str
    retry_after_s: int | None = None
    fields: dict[str, str] | None = Field(
        None, description="Where single fields are wrong: what is wrong with each."
    )
    window: InviteWindow | None = Field(
        None, description="With `invite_over`, for the owner of the link: when it let somebody in."
    )


class ErrorReply(Out):
    error: ErrorBody


# Proctors -----------------------------------------------------------------------------------


class SignIn(In):
    token: str = Field(max_length=200)


class ProctorOut(Out):
    """`id` is of this sign-in; `person` is whom decisions name in `by_id`."""

    id: str
    person: str
    name: str
    role: Role


class Me(Out):
    proctor: ProctorOut


class NewExamSession(In):
    title: Title
    sampling_interval_s: int = Field(5, ge=1, le=60)
    retention_days: int = Field(30, ge=1, le=365)
    exam_url: str | None = Field(None, max_length=2000)
    report_repeats: bool = Field(
        True, description="False where the cameras are recordings, as in a rehearsal."
    )
    second_reviewer: bool = False
    own_incidents: OwnIncidents = OwnIncidents.NEVER
    answer_days: AnswerDays = 7
    provider: str | None = Field(
        None, max_length=16, description="Who carries live video; default: as the server is set up."
    )
    invited_only: bool = Field(False, description="The join link lets nobody in; invites do.")
    face_matching: bool = Field(
        True, description="Candidates may choose that software compares their face."
    )

    @field_validator("exam_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            msg = "must be a web address that starts with https:// or http://"
            raise ValueError(msg)
        return value


class MediaProvider(Out):
    """`isolation`: what keeps candidates from seeing one another; null when the provider is not
    set up on this server any more."""

    id: str
    isolation: Isolation | None
    talkback: bool
    max_viewers_hint: int


class ExamSession(Out):
    id: str
    title: str
    sampling_interval_s: int
    retention_days: int
    exam_url: str | None
    second_reviewer: bool
    own_incidents: OwnIncidents
    answer_days: int
    created_at: datetime
    closed_at: datetime | None
    join_url: str
    candidates_in_room: int
    open_incidents: int
    unreviewed_incidents: int
    holds: int
    unattended_since: datetime | None
    """Since when candidates are in the room and no console is open, when that is a minute ago."""
    media: MediaProvider
    invited_only: bool
    face_matching: bool


class ExamSessions(Out):
    sessions: list[ExamSession]


class LiveFacts(Out):
    faces: int
    usable: bool
    reason: Unusable | None
    identity: Identity


class ObservationOut(LiveFacts):
    id: str
    captured_at: datetime


class Observations(Out):
    """`more`: ask again with the last id as `after`."""

    observations: list[ObservationOut]
    more: bool


class Candidate(Out):
    id: str
    name: str
    state: CandidateState
    joined_at: datetime
    removed_before: datetime | None = Field(
        description="When somebody of the same name was removed from the session, if that was "
        "before this candidate joined. It may be another person."
    )
    last_frame_at: datetime | None
    live: LiveFacts | None
    online: bool
    camera: CameraClaim
    has_reference_photo: bool
    has_still: bool
    template: Literal["reference", "session", "none"]
    waiting_reason: WaitingReason | None
    note: str | None
    state_since: datetime | None
    state_reason: str | None
    next_frame_ms: int
    identity_check: Literal["software", "proctor"] = Field(
        description="Who compares the face with the photo; the one is as ordinary as the other."
    )
    accommodations: AccommodationsOut


class EvidenceOut(Out):
    id: str
    url: str
    captured_at: datetime
    sha256: str


class Detail(Out):
    max_faces: int | None
    comparison: Comparison | None
    cause: GapCause | None


class Incident(Out):
    id: str
    candidate_id: str
    candidate_name: str
    kind: IncidentKind
    severity: Severity
    state: IncidentState
    started_at: datetime
    ended_at: datetime | None
    updated_at: datetime
    detail: Detail
    evidence: list[EvidenceOut]
    evidence_missing: EvidenceMissing | None
    reference_photo_url: str | None
    decision: DecisionOut | None
    opinions: list[DecisionOut]
    answer: AnswerOut | None
    source: Source


class Incidents(Out):
    incidents: list[Incident]
    more: bool


class Message(Out):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: str
    candidate_id: str
    sender: Sender = Field(serialization_alias="from")
    kind: MessageKind
    text: str
    sent_at: datetime


class Messages(Out):
    messages: list[Message]


class MessagePage(Messages):
    more: bool


class Gap(Out):
    id: str
    candidate_id: str
    started_at: datetime
    ended_at: datetime | None
    cause: GapCause


class SystemStatus(Out):
    storage: Space
    analysis: AnalysisState
    interval_factor: float
    text: str | None


class Snapshot(Out):
    session: ExamSession
    candidates: list[Candidate]
    incidents: list[Incident]
    more_incidents: bool
    messages: list[Message]
    gaps: list[Gap]
    system: SystemStatus
    cursor: int


class NewMessage(In):
    kind: MessageKind = MessageKind.MESSAGE
    text: Text


class NewDecision(In):
    decision: Decision
    reason: Reason


class CheckInDecision(In):
    decision: Literal["approve", "retake"]
    reason: Annotated[str, StringConstraints(max_length=500), AfterValidator(plain)] | None = None


# Candidates ---------------------------------------------------------------------------------


class MySession(Out):
    """What a candidate may know of the session."""

    id: str
    title: str
    sampling_interval_s: int
    retention_days: int
    exam_url: str | None
    own_incidents: OwnIncidents
    closed: bool
    closed_at: datetime | None
    face_matching: bool


class ConsentText(Out):
    version: str
    text: list[str]


class JoinInfo(Out):
    session: MySession
    consent: ConsentText
    invite: JoinInvite | None = None


class GivenConsent(In):
    """`compare_face`: the choice of the candidate; who says nothing is identified by a proctor."""

    version: str = Field(max_length=64)
    accepted: bool
    compare_face: bool = False


class Join(In):
    """`name` is needed with the join link; with a personal link the list has it."""

    name: Name | None = None
    consent: GivenConsent


class MyCandidate(Out):
    id: str
    name: str
    state: CandidateState
    session: MySession
    has_reference_photo: bool
    needed_frames: int
    retake_reason: str | None
    state_since: datetime | None
    state_reason: str | None
    messages: list[Message]
    face_compared: bool = Field(
        description="Whether software compares the face, or will at check-in. False also where "
        "a proctor let the candidate in and there is nothing to compare with."
    )
    accommodations: list[str] = Field(description="What is arranged, in plain words.")


class Joined(Out):
    candidate: MyCandidate
    token: str


class CheckInProgress(Out):
    state: CandidateState
    collected: int
    needed: int
    hint: Unusable | None
    next_frame_ms: int


class AskProctor(In):
    note: Annotated[str, StringConstraints(max_length=300), AfterValidator(plain)] | None = None


class NewCandidateMessage(In):
    text: Text


class Warning(Out):  # noqa: A001 - the field's word
    code: WarningCode
    text: str
    fix: str


class FrameReply(Out):
    """`observation` is null when the server was too busy to look: the interval is longer then."""

    observation: ObservationOut | None
    warnings: list[Warning]
    next_frame_ms: int
