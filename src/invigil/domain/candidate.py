"""The person examined in one session, and the states of check-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from invigil.domain.accommodations import NOTHING_ARRANGED, Accommodations
from invigil.domain.errors import IllegalTransition
from invigil.domain.observation import Template
from invigil.domain.session import ExamSession, Policy


class CandidateState(StrEnum):
    JOINED = "joined"
    CHECKING_IN = "checking_in"
    WAITING_FOR_PROCTOR = "waiting_for_proctor"
    APPROVED = "approved"
    IN_ROOM = "in_room"
    PAUSED = "paused"
    REMOVED = "removed"
    FINISHED = "finished"


SITTING = frozenset({CandidateState.IN_ROOM, CandidateState.PAUSED})
"""Whose exam goes on: in the room, or paused and coming back."""

BEFORE_APPROVAL = frozenset(
    {CandidateState.JOINED, CandidateState.CHECKING_IN, CandidateState.WAITING_FOR_PROCTOR}
)

STOPPED = frozenset({CandidateState.PAUSED, CandidateState.REMOVED, CandidateState.FINISHED})
"""Who is not watched any more, or not now: no newest picture of them is kept."""

_S = CandidateState
# What candidates do themselves, and what check-in does. What proctors do to them (pause, remove,
# end) is in `domain/acts.py` alone, so that no other step can lead there.
# A waiting candidate can always go on by a new photo; only a human approval ends the waiting.
# Straight from JOINED or CHECKING_IN into the room go only those who keep no rhythm
# (`Candidate.monitored`), which `CheckIn.enter` sees to.
TRANSITIONS: dict[CandidateState, frozenset[CandidateState]] = {
    _S.JOINED: frozenset({_S.CHECKING_IN, _S.WAITING_FOR_PROCTOR, _S.IN_ROOM}),
    _S.CHECKING_IN: frozenset(
        {_S.CHECKING_IN, _S.APPROVED, _S.WAITING_FOR_PROCTOR, _S.JOINED, _S.IN_ROOM}
    ),
    _S.WAITING_FOR_PROCTOR: frozenset(
        {_S.WAITING_FOR_PROCTOR, _S.APPROVED, _S.JOINED, _S.CHECKING_IN}
    ),
    _S.APPROVED: frozenset({_S.IN_ROOM}),
    _S.IN_ROOM: frozenset({_S.IN_ROOM, _S.FINISHED}),
    _S.PAUSED: frozenset({_S.FINISHED}),
    _S.REMOVED: frozenset(),
    _S.FINISHED: frozenset(),
}


class CameraClaim(StrEnum):
    """What the candidate's page says about its camera. A claim, never a fact."""

    OK = "ok"
    ENDED = "ended"
    MUTED = "muted"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


class WaitingReason(StrEnum):
    """Why a human is asked to look at a check-in."""

    MISMATCH = "mismatch"
    UNCLEAR = "unclear"
    ASKED = "asked"


class Matching(StrEnum):
    """Whether a candidate's face is compared by software. Only AGREED and ELSEWHERE allow it.

    NOT_OFFERED: the session has none. ELSEWHERE: a classic client asks by itself.
    """

    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    NOT_OFFERED = "not_offered"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Consent:
    """What the candidate accepted, and when."""

    text_version: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person in one session.

    `tab`: id of the one browser tab that may post frames (the newest).
    `next_frame_ms`: the interval last asked of the page; the gap rule counts in it.
    `entered_at`: since when frames are expected without a break: the entry, or the last resume.
    `state_since`, `state_reason`: of a pause, a removal or the end; the reason is a proctor's, None
    where the candidate went by itself.
    `monitored`: False for candidates of the classic API, whose clients keep no rhythm.
    `frame_window`, `frame_seq`: how frames are numbered now, and the last number (`domain.upload`).
    `camera_device`: hash of what the page calls its camera; a claim.
    `matching`, `matching_at`: the choice about face comparison, and when it was made.
    """

    id: str
    session_id: str
    name: str
    state: CandidateState
    joined_at: datetime
    token_hash: str = field(repr=False)
    consent: Consent | None = None
    tab: str | None = None
    entered_at: datetime | None = None
    last_frame_at: datetime | None = None
    next_frame_ms: int = 5000
    camera: CameraClaim = CameraClaim.UNKNOWN
    camera_claimed_at: datetime | None = None
    reference_photo_id: str | None = None
    has_still: bool = False
    waiting_reason: WaitingReason | None = None
    note: str | None = None
    retake_reason: str | None = None
    monitored: bool = True
    frame_window: str | None = None
    frame_seq: int = 0
    camera_device: str | None = None
    state_since: datetime | None = None
    state_reason: str | None = None
    matching: Matching = Matching.AGREED
    matching_at: datetime | None = None
    accommodations: Accommodations = NOTHING_ARRANGED
    templates: tuple[Template, ...] = field(default=(), repr=False)

    @property
    def compared(self) -> bool:
        """Whether features of this face may be made and kept at all."""
        return self.matching in {Matching.AGREED, Matching.ELSEWHERE}

    def policy(self, session: ExamSession) -> Policy:
        """The session's, with what is arranged for this candidate."""
        return self.accommodations.applied_to(session.policy)

    def require_transition(self, to: CandidateState) -> None:
        """Raise `IllegalTransition` unless the table allows the step."""
        if to not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"A candidate cannot go from {self.state} to {to}.")
