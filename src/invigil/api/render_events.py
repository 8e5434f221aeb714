"""Events of the log, rendered from the present state of what they point at."""

from __future__ import annotations

from invigil.api import candidates, check_in, present
from invigil.api import events as e
from invigil.api.deps import House
from invigil.api.sessions import render as render_session
from invigil.domain.errors import NotFound
from invigil.domain.message import Event, EventKind

CACHED = 512


class EventRenderer:
    """Renders each event once for all consoles of this process.

    An object that is gone meanwhile (retention) gives None: there is nothing to tell.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._cache: dict[tuple[str, int], str | None] = {}

    async def render(self, event: Event) -> str | None:
        """The JSON letter of an event for its audience."""
        key = (event.session_id, event.seq)
        if key not in self._cache:
            try:
                self._cache[key] = await self._letter(event)
            except NotFound:
                self._cache[key] = None
            if len(self._cache) > CACHED:
                self._cache.pop(next(iter(self._cache)))
        return self._cache[key]

    async def _letter(self, event: Event) -> str | None:
        if event.candidate_id is None:
            body = await self._for_proctors(event)
            if body is None:
                return None
            letter = e.EventForProctor(seq=event.seq, at=event.at, event=body)
            return letter.model_dump_json(by_alias=True)
        mine = await self._for_candidate(event, event.candidate_id)
        if mine is None:
            return None
        answer = e.EventForCandidate(seq=event.seq, at=event.at, event=mine)
        return answer.model_dump_json(by_alias=True)

    async def _for_proctors(self, event: Event) -> e.ProctorEvent | None:
        house = self._house
        match event.kind:
            case EventKind.CANDIDATE_CHANGED:
                return e.CandidateChanged(candidate=await candidates.render(house, event.ref))
            case EventKind.SESSION_CHANGED:
                found = await house.sessions.get(event.session_id)
                return e.SessionChanged(session=render_session(house, *found))
            case EventKind.INCIDENT_OPENED | EventKind.INCIDENT_CHANGED:
                return await self._incident(event)
            case EventKind.MESSAGE:
                return await self._message(event)
            case EventKind.GAP:
                gap = await house.events.gap(event.ref)
                return e.GapChanged(gap=present.gap(gap)) if gap else None
        return None

    async def _for_candidate(self, event: Event, candidate_id: str) -> e.CandidateEvent | None:
        house = self._house
        match event.kind:
            case EventKind.STATE_CHANGED:
                return e.StateChanged(candidate=await check_in.render(house, candidate_id))
            case EventKind.SESSION_CHANGED:
                mine = await check_in.render(house, candidate_id)
                return e.MySessionChanged(session=mine.session)
            case EventKind.MESSAGE:
                return await self._message(event)
        return None

    async def _message(self, event: Event) -> e.MessageSent | None:
        message = await self._house.events.message(event.ref)
        return e.MessageSent(message=present.message(message)) if message else None

    async def _incident(self, event: Event) -> e.IncidentChanged | None:
        found = await self._house.events.incident(event.ref)
        opened = event.kind is EventKind.INCIDENT_OPENED
        return (
            e.IncidentChanged(incident=present.incident(*found), opened=opened) if found else None
        )
