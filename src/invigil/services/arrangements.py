"""What is arranged for one candidate, and a choice that is taken back during the exam."""

from __future__ import annotations

from dataclasses import replace

from invigil.clock import Clock
from invigil.domain.accommodations import CAN_BE_OFF, Accommodations
from invigil.domain.actor import CandidateActor, Staff
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.candidate import Candidate, CandidateState, Matching
from invigil.domain.errors import IllegalTransition, InvalidRequest
from invigil.domain.message import Event, EventKind, Message, MessageKind, Sender
from invigil.domain.secrets import new_id
from invigil.services.candidates import load_open, save
from invigil.storage.database import Database, UnitOfWork

BY_EYE_FROM_NOW = "From now on a proctor checks by eye who sits in front of the camera."
"""What both sides read when the comparison ends. It says what happens, and blames nobody."""


class Arrangements:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def accommodate(
        self, proctor: Staff, candidate_id: str, arranged: Accommodations
    ) -> Candidate:
        """From the next frame on the rules follow it. Raises `InvalidRequest`."""
        require_possible(arranged)
        now = self._clock()
        async with self._database.begin() as work:
            authorize(proctor, Operation.ACCOMMODATE, await work.candidates.get(candidate_id))
            candidate, _ = await load_open(work, candidate_id)
            if candidate.accommodations == arranged:
                return candidate
            # `next_frame_ms` stays: the page still follows what it was last told.
            changed = replace(candidate, accommodations=arranged)
            await save(work, changed, now)
            work.audit.note(
                Act(
                    Action.ACCOMMODATIONS_SET,
                    actor_name(proctor),
                    now,
                    candidate.session_id,
                    candidate_id,
                    detail=arranged.as_facts(),
                )
            )
        return changed

    async def stop_comparing(self, candidate_id: str) -> Candidate:
        """The candidate takes the consent to face comparison back: the features go at once.

        Doing it again is fine, and so is doing it where nothing is compared.
        """
        now = self._clock()
        async with self._database.begin() as work:
            candidate, _ = await load_open(work, candidate_id)
            if candidate.state is CandidateState.FINISHED:
                raise IllegalTransition
            if not candidate.compared:
                return candidate
            await work.templates.delete(candidate_id)
            changed = replace(candidate, matching=Matching.WITHDRAWN, matching_at=now)
            await save(work, changed, now)
            work.audit.note(
                Act(
                    Action.MATCHING_WITHDRAWN,
                    actor_name(CandidateActor(candidate_id, candidate.session_id)),
                    now,
                    candidate.session_id,
                    candidate_id,
                )
            )
            await self._tell(work, candidate)
        return changed

    async def _tell(self, work: UnitOfWork, candidate: Candidate) -> None:
        now, session_id = self._clock(), candidate.session_id
        message = Message(
            new_id(),
            session_id,
            candidate.id,
            Sender.SYSTEM,
            MessageKind.MESSAGE,
            BY_EYE_FROM_NOW,
            now,
        )
        await work.messages.add(message)
        for audience in (None, candidate.id):
            work.events.note(Event(session_id, EventKind.MESSAGE, message.id, now, audience))


def require_possible(arranged: Accommodations) -> None:
    """Raise `InvalidRequest` for what cannot be arranged."""
    wrong = arranged.detectors_off - set(CAN_BE_OFF)
    if wrong:
        raise InvalidRequest(
            f"detectors_off: {', '.join(sorted(wrong))} cannot be switched off.",
            fix=f"Possible are: {', '.join(CAN_BE_OFF)}.",
        )
    if bool(arranged.breaks) != bool(arranged.break_minutes):
        raise InvalidRequest(
            "breaks and break_minutes belong together.",
            fix="Give both: how many breaks, and how many minutes each.",
            fields=(
                {"break_minutes": "How many minutes has each break?"}
                if arranged.breaks
                else {"breaks": "How many breaks are there?"}
            ),
        )
