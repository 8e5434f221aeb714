"""What rules return: changes to incidents, warnings for the candidate, and the next interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from invigil.domain.incident import Incident, IncidentDetail, IncidentKind


class WarningCode(StrEnum):
    MULTIPLE_FACES = "multiple_faces"
    DIFFERENT_PERSON = "different_person"
    NO_FACE = "no_face"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    FACE_TOO_SMALL = "face_too_small"
    BLURRED = "blurred"
    FACE_CUT_OFF = "face_cut_off"


@dataclass(frozen=True, slots=True)
class Open:
    """Open an incident that began at `started_at` (the first frame that showed it).

    The image of the frame being judged becomes its evidence when `with_image` is true.
    """

    kind: IncidentKind
    started_at: datetime
    detail: IncidentDetail
    with_image: bool


@dataclass(frozen=True, slots=True)
class Update:
    """The cause goes on and `detail` has changed."""

    incident: Incident
    detail: IncidentDetail


@dataclass(frozen=True, slots=True)
class Close:
    """The cause ended at `ended_at` (the first frame without it)."""

    incident: Incident
    ended_at: datetime


Change = Open | Update | Close


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer of all rules to one frame."""

    changes: tuple[Change, ...]
    warnings: tuple[WarningCode, ...]
    next_frame: timedelta
