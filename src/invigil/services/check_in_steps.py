"""The single steps of a check-in: what is asked of a picture, and what a comparison leads to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from invigil.domain.actor import CandidateActor
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.candidate import Candidate, CandidateState, Matching, WaitingReason
from invigil.domain.errors import CannotOpen, ConsentOutdated, IllegalTransition, ReferenceRefused
from invigil.domain.observation import Identity, Observation, Template, Unusable
from invigil.domain.session import ExamSession
from invigil.domain.words import REFERENCE_REFUSALS
from invigil.storage.database import UnitOfWork

NEEDED_FRAMES = 3
FRAME_EVERY_MS = 700
WAITING_EVERY_MS = 5000
"""While a person is asked: whoever decides sees who sits there now."""

STATES_WITH_FRAMES = {CandidateState.CHECKING_IN, CandidateState.WAITING_FOR_PROCTOR}


@dataclass(frozen=True, slots=True)
class Progress:
    """How the live comparison goes. `hint`: why the newest frame, taken at `at`, was no use."""

    state: CandidateState
    collected: int
    hint: Unusable | None
    at: datetime

    @property
    def next_frame_ms(self) -> int:
        waits = self.state is CandidateState.WAITING_FOR_PROCTOR
        return WAITING_EVERY_MS if waits else FRAME_EVERY_MS


def chosen(session: ExamSession, *, compare_face: bool) -> Matching:
    """What the answer on the consent page means. Raises `ConsentOutdated` for one that the text
    of this session does not offer."""
    if session.face_matching:
        return Matching.AGREED if compare_face else Matching.DECLINED
    if compare_face:
        raise ConsentOutdated
    return Matching.NOT_OFFERED


def consent_act(candidate: Candidate, text_version: str, invite_id: str | None) -> Act:
    return Act(
        Action.CONSENT_GIVEN,
        actor_name(CandidateActor(candidate.id, candidate.session_id)),
        candidate.joined_at,
        candidate.session_id,
        candidate.id,
        ref=invite_id,
        detail={"text_version": text_version, "matching": candidate.matching.value},
    )


def require_live_frames(candidate: Candidate) -> None:
    if candidate.state not in STATES_WITH_FRAMES:
        raise IllegalTransition(
            "Live pictures are not expected in this step.", fix="Reload the page."
        )


def require_usable_reference(observed: Observation) -> None:
    if observed.unusable is not None:
        message, fix = REFERENCE_REFUSALS[observed.unusable]
        raise ReferenceRefused(f"reference_{observed.unusable.value}", message, fix)


async def extend_session_template(work: UnitOfWork, candidate_id: str, fresh: Template) -> None:
    """Begun anew where what is there was not made as `fresh` was: by another model, or cut.

    So it is where that cannot be opened. Without a key nothing is kept, and a person decides.
    """
    try:
        known = await work.templates.of_candidate(candidate_id)
    except CannotOpen:
        known = ()
    made = (fresh.kind, fresh.model, fresh.width)
    vectors = next((x.vectors for x in known if (x.kind, x.model, x.width) == made), ())
    with suppress(CannotOpen):
        await work.templates.put(candidate_id, replace(fresh, vectors=(*vectors, *fresh.vectors)))


def decided(candidate: Candidate, outcomes: Sequence[Identity]) -> Candidate:
    """Most frames must match and none may contradict; anything else is for a human.

    So is everybody whose face is not compared: for no reason but that.
    """
    if not candidate.compared:
        return replace(candidate, state=CandidateState.WAITING_FOR_PROCTOR, waiting_reason=None)
    matches = sum(outcome is Identity.MATCH for outcome in outcomes)
    contradicted = any(outcome is Identity.MISMATCH for outcome in outcomes)
    if matches * 2 > len(outcomes) and not contradicted:
        return replace(candidate, state=CandidateState.APPROVED, waiting_reason=None)
    reason = WaitingReason.MISMATCH if contradicted else WaitingReason.UNCLEAR
    return replace(candidate, state=CandidateState.WAITING_FOR_PROCTOR, waiting_reason=reason)
