"""The audit log: who did and saw what, each entry chained to the one before by its hash.

An entry names people by their ids and holds no text that anybody wrote, so that it may be kept
longer than what it tells of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum

from invigil.domain.actor import Actor, ApiClient, CandidateActor, Operator, Organiser

START = "0" * 64
"""What the first entry is chained to."""


class Action(StrEnum):
    """What can be on record."""

    SERVER_STARTED = "server_started"
    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    PROCTOR_INVITED = "proctor_invited"
    PROCTOR_REVOKED = "proctor_revoked"
    ORGANISER_ADDED = "organiser_added"
    ORGANISER_REMOVED = "organiser_removed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - what was done
    API_TOKEN_CREATED = "api_token_created"  # noqa: S105
    API_TOKEN_REVOKED = "api_token_revoked"  # noqa: S105
    SESSION_CREATED = "session_created"
    SESSION_CLOSED = "session_closed"
    CONSOLE_OPENED = "console_opened"
    CONSENT_GIVEN = "consent_given"
    CANDIDATE_APPROVED = "candidate_approved"
    PHOTO_RETAKE_ASKED = "photo_retake_asked"
    CANDIDATE_PAUSED = "candidate_paused"
    CANDIDATE_RESUMED = "candidate_resumed"
    CANDIDATE_REMOVED = "candidate_removed"
    CANDIDATE_READMITTED = "candidate_readmitted"
    CANDIDATE_ENDED = "candidate_ended"
    MESSAGE_SENT = "message_sent"
    WARNING_SENT = "warning_sent"
    INCIDENT_DECIDED = "incident_decided"
    DECISION_UNDONE = "decision_undone"
    EVIDENCE_VIEWED = "evidence_viewed"
    REFERENCE_PHOTO_VIEWED = "reference_photo_viewed"
    OWN_INCIDENTS_VIEWED = "own_incidents_viewed"
    OWN_EVIDENCE_VIEWED = "own_evidence_viewed"
    INCIDENT_ANSWERED = "incident_answered"
    RETENTION_DELETED = "retention_deleted"
    RETENTION_REFUSED = "retention_refused"
    KEYS_REWRAPPED = "keys_rewrapped"
    HOLD_SET = "hold_set"
    HOLD_RELEASED = "hold_released"
    ERASURE_BEGUN = "erasure_begun"
    CANDIDATE_ERASED = "candidate_erased"
    CANDIDATE_EXPORTED = "candidate_exported"
    SESSION_EXPORTED = "session_exported"
    ADMISSION_CHANGED = "admission_changed"
    ROSTER_IMPORTED = "roster_imported"
    ROSTER_EXPORTED = "roster_exported"
    INVITE_REVOKED = "invite_revoked"
    INVITE_REISSUED = "invite_reissued"
    INVITE_USED = "invite_used"
    MATCHING_WITHDRAWN = "matching_withdrawn"
    ACCOMMODATIONS_SET = "accommodations_set"


SERVER = "server"
CLASSIC = "classic-api"
"""Its callers have no name: whoever can reach it."""
COMMAND_LINE = "command-line"


def actor_name(actor: Actor) -> str:
    """Such as `organiser:3f…`, `proctor:…`, `api:…` or `candidate:…`."""
    match actor:
        case Operator():
            return COMMAND_LINE
        case CandidateActor():
            return f"candidate:{actor.id}"
        case Organiser():
            return f"organiser:{actor.id}"
        case ApiClient():
            return f"api:{actor.id}"
    return f"proctor:{actor.id}"


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be put on record. `ref`: id of what it was done to."""

    action: Action
    actor: str
    at: datetime
    session_id: str | None = None
    candidate_id: str | None = None
    ref: str | None = None
    detail: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An act at its place in the chain, as it is stored. `at`: ISO 8601 in UTC."""

    seq: int
    at: str
    action: str
    actor: str
    session_id: str | None
    candidate_id: str | None
    ref: str | None
    detail: str
    previous: str
    hash: str


def chained(act: Act, after: AuditEntry | None) -> AuditEntry:
    """The entry of `act` that follows `after`, or begins the log."""
    seq, previous = (after.seq + 1, after.hash) if after else (1, START)
    entry = AuditEntry(
        seq=seq,
        at=act.at.astimezone(UTC).isoformat(timespec="microseconds"),
        action=act.action.value,
        actor=act.actor,
        session_id=act.session_id,
        candidate_id=act.candidate_id,
        ref=act.ref,
        detail=json.dumps(dict(act.detail), sort_keys=True, separators=(",", ":")),
        previous=previous,
        hash="",
    )
    return replace(entry, hash=hash_of(entry))


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 over every field but the hash itself, as a JSON list in their order."""
    hashed = [getattr(entry, each.name) for each in fields(entry) if each.name != "hash"]
    return hashlib.sha256(json.dumps(hashed, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log had come. Signed and kept elsewhere, it shows a log cut or made anew."""

    seq: int
    hash: str
    at: str

    def signed_text(self) -> bytes:
        return f"invigil audit head\n{self.seq}\n{self.hash}\n{self.at}\n".encode()


class AuditChecker:
    """Goes through a whole log, oldest entry first, and says what is wrong with it.

    Whoever can write the database can also write a whole new chain, or cut its end: only a head
    that was kept elsewhere shows that.
    """

    def __init__(self) -> None:
        self.count = 0
        self._seq = 0
        self._hash = START

    def take(self, entry: AuditEntry, known: Head | None = None) -> Iterator[str]:
        """The faults that the next entry shows."""
        if entry.seq != self._seq + 1:
            yield f"entries {self._seq + 1} to {entry.seq - 1} are missing"
        elif entry.previous != self._hash:
            yield f"entry {entry.seq} does not follow the one before it"
        if entry.hash != hash_of(entry):
            yield f"entry {entry.seq} was changed"
        if known is not None and known.seq == entry.seq and known.hash != entry.hash:
            yield f"entry {entry.seq} is not the one that was signed"
        self.count += 1
        self._seq, self._hash = entry.seq, entry.hash

    def end(self, known: Head | None = None) -> Iterator[str]:
        """The faults that only the end of the log shows."""
        if known is not None and known.seq > self._seq:
            yield f"entries {self._seq + 1} to {known.seq} are missing at the end"
