"""What proctors do to candidates, and which act is possible in which state.

Only a person leads here: no rule and no model of vision knows this module, which a test proves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from invigil.domain.candidate import CandidateState
from invigil.domain.errors import IllegalTransition


class ActKind(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"
    READMIT = "readmit"
    END = "end"


_S = CandidateState
_CHECKED_IN = (_S.APPROVED, _S.IN_ROOM, _S.PAUSED)
_BEFORE_THE_END = (_S.JOINED, _S.CHECKING_IN, _S.WAITING_FOR_PROCTOR, *_CHECKED_IN)

# Where each act leads from each state in which it is possible. Where somebody who is let in again
# goes depends on where the removal was: `after`.
ACTS: dict[ActKind, dict[CandidateState, CandidateState]] = {
    ActKind.PAUSE: {_S.IN_ROOM: _S.PAUSED},
    ActKind.RESUME: {_S.PAUSED: _S.IN_ROOM},
    ActKind.REMOVE: dict.fromkeys(_BEFORE_THE_END, _S.REMOVED),
    ActKind.READMIT: {_S.REMOVED: _S.JOINED},
    ActKind.END: dict.fromkeys((*_BEFORE_THE_END, _S.REMOVED), _S.FINISHED),
}

_STATE_WORDS: dict[CandidateState, str] = {
    _S.PAUSED: "paused",
    _S.REMOVED: "taken out of the room",
    _S.FINISHED: "finished",
    _S.IN_ROOM: "in the room",
}


@dataclass(frozen=True, slots=True)
class CandidateAct:
    """One act on record.

    `command`: the word by which a page that asks again is known; None where it gave none.
    `before`, `after`: the states around it. `by`, `by_id`: name and id of the proctor.
    """

    id: str
    session_id: str
    candidate_id: str
    kind: ActKind
    reason: str
    by: str
    by_id: str
    at: datetime
    before: CandidateState
    after: CandidateState
    command: str | None = None


def after(kind: ActKind, state: CandidateState, removed_from: CandidateState | None) -> _S:
    """Where `kind` leads. Raises `IllegalTransition`.

    `removed_from`: the state before the newest removal. Who had been checked in by then need not
    be again.
    """
    to = ACTS[kind].get(state)
    if to is None:
        words = _STATE_WORDS.get(state, "not in the room yet")
        raise IllegalTransition(
            f"You cannot {_VERBS[kind]} this candidate, who is {words}.",
        )
    if kind is ActKind.READMIT and removed_from in _CHECKED_IN:
        return _S.APPROVED
    return to


_VERBS: dict[ActKind, str] = {
    ActKind.PAUSE: "pause",
    ActKind.RESUME: "resume",
    ActKind.REMOVE: "remove",
    ActKind.READMIT: "let in",
    ActKind.END: "end the exam of",
}
