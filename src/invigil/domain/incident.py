"""Incidents, evidence, gaps and review decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from invigil.domain.observation import Box, Identity, Unusable


class IncidentKind(StrEnum):
    MULTIPLE_FACES = "multiple_faces"
    DIFFERENT_PERSON = "different_person"
    NO_FACE = "no_face"
    CAMERA_LOST = "camera_lost"
    NOT_RECOGNISED = "not_recognised"
    FRAMES_DO_NOT_MATCH_VIDEO = "frames_do_not_match_video"
    FEED_LOOPED = "feed_looped"
    CAMERA_FROZEN = "camera_frozen"
    CAMERA_COVERED = "camera_covered"
    FRAME_REPLAYED = "frame_replayed"
    VIRTUAL_CAMERA = "virtual_camera"
    CAMERA_CHANGED = "camera_changed"


class Severity(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


SEVERITY: dict[IncidentKind, Severity] = {
    IncidentKind.DIFFERENT_PERSON: Severity.HIGH,
    IncidentKind.MULTIPLE_FACES: Severity.HIGH,
    IncidentKind.NO_FACE: Severity.MEDIUM,
    IncidentKind.CAMERA_LOST: Severity.MEDIUM,
    IncidentKind.NOT_RECOGNISED: Severity.LOW,
    IncidentKind.FRAMES_DO_NOT_MATCH_VIDEO: Severity.MEDIUM,
    IncidentKind.FEED_LOOPED: Severity.HIGH,
    IncidentKind.CAMERA_FROZEN: Severity.MEDIUM,
    IncidentKind.CAMERA_COVERED: Severity.LOW,
    IncidentKind.FRAME_REPLAYED: Severity.HIGH,
    IncidentKind.VIRTUAL_CAMERA: Severity.INFO,
    IncidentKind.CAMERA_CHANGED: Severity.INFO,
}


class IncidentState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Comparison(StrEnum):
    """A comparison in words. Numbers stay on the server.

    `UNCLEAR`: no picture told anything. `NEITHER`: the face is seen clearly, and it is neither like
    nor unlike enough.
    """

    MATCHES = "matches"
    UNCLEAR = "unclear"
    NEITHER = "neither"
    DOES_NOT_MATCH = "does_not_match"
    NOT_COMPARED = "not_compared"


class EvidenceMissing(StrEnum):
    """Why an incident has no image. KEY_MISSING: it could not be encrypted."""

    STORAGE_FULL = "storage_full"
    KEY_MISSING = "key_missing"
    NO_IMAGE = "no_image"


class EvidenceState(StrEnum):
    """Where an image is: on its way on one server's own disk, or where it belongs."""

    PENDING = "pending"
    STORED = "stored"


class Source(StrEnum):
    RULES = "rules"
    CLASSIC = "classic"


class Decision(StrEnum):
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    INCONCLUSIVE = "inconclusive"


class GapCause(StrEnum):
    """Why no frame came. SERVER is ours, PAUSED and REMOVED are a proctor's doing: none of these
    ever counts against anybody."""

    SERVER = "server"
    CAMERA = "camera"
    CONNECTION = "connection"
    PAUSED = "paused"
    REMOVED = "removed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """The stored facts that rules may see: no pixels, no raw score, no models.

    `id` orders equal times; `received_at` is the server's clock. `boxes`: where the faces are, the
    main one first; empty where nobody kept them. `fingerprint`, `covered`, `clear`: as in
    `Observation`.
    """

    id: str
    received_at: datetime
    face_count: int
    unusable: Unusable | None
    identity: Identity
    boxes: tuple[Box, ...] = ()
    fingerprint: bytes | None = field(default=None, repr=False)
    covered: bool = False
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """An immutable image. `key`: where the store keeps it. `sha256`: of the image.

    `sealed_sha256`: of the encrypted bytes in the store; None where the image lies there as it is.
    """

    id: str
    session_id: str
    candidate_id: str
    key: str
    sha256: str
    size: int
    content_type: str
    captured_at: datetime
    state: EvidenceState = EvidenceState.STORED
    sealed_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewDecision:
    """A human's decision. An undone one stays on record with its time.

    `by`: the name, `by_id`: the id of who decided, None on old records. `proposed`: an adverse
    decision that waits for a second person to agree.
    """

    id: str
    incident_id: str
    decision: Decision
    reason: str
    by: str
    decided_at: datetime
    undone_at: datetime | None = None
    by_id: str | None = None
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the candidate says to an incident."""

    text: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    max_faces: int | None = None
    comparison: Comparison | None = None
    cause: GapCause | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """A time-bounded record that a rule or a human opened. It says "look here", no more.

    `opinions`: all decisions that stand, oldest first; the last of them is `decision`.
    """

    id: str
    session_id: str
    candidate_id: str
    kind: IncidentKind
    state: IncidentState
    started_at: datetime
    ended_at: datetime | None
    updated_at: datetime
    detail: IncidentDetail = field(default_factory=IncidentDetail)
    evidence: tuple[Evidence, ...] = ()
    evidence_missing: EvidenceMissing | None = None
    decision: ReviewDecision | None = None
    source: Source = Source.RULES
    opinions: tuple[ReviewDecision, ...] = ()
    answer: Answer | None = None

    @property
    def severity(self) -> Severity:
        return SEVERITY[self.kind]


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without frames: itself a fact, with its cause."""

    id: str
    session_id: str
    candidate_id: str
    started_at: datetime
    ended_at: datetime | None
    cause: GapCause
