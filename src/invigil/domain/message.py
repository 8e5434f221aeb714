"""Messages between proctor and candidate, and the events that tell pages what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from invigil.domain.incident import IncidentKind


class Sender(StrEnum):
    PROCTOR = "proctor"
    CANDIDATE = "candidate"
    SYSTEM = "system"


class MessageKind(StrEnum):
    MESSAGE = "message"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    session_id: str
    candidate_id: str
    sender: Sender
    kind: MessageKind
    text: str
    sent_at: datetime


class EventKind(StrEnum):
    CANDIDATE_CHANGED = "candidate_changed"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CHANGED = "incident_changed"
    MESSAGE = "message"
    GAP = "gap"
    SESSION_CHANGED = "session_changed"
    STATE_CHANGED = "state_changed"
    WARNING = "warning"
    TAKEN_OVER = "taken_over"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a session's event log: which object changed, and who is told.

    The log holds no copy of the object. Readers get it rendered for them from its present state,
    so that a replay is never stale and an erased person is erased here too.

    `candidate_id`: None for the proctors; otherwise for that candidate alone.
    `ref`: id of the object (for WARNING the code, for TAKEN_OVER the tab, "" while there is none).
    `seq`: rises by one per session, 0 before it is stored.
    `opened`: kind of the incident that INCIDENT_OPENED is about, for whoever counts commits; it is
    not stored, so that events that were read have None.
    """

    session_id: str
    kind: EventKind
    ref: str
    at: datetime
    candidate_id: str | None = None
    seq: int = 0
    opened: IncidentKind | None = None
