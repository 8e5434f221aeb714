"""Exam sessions, for proctors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from invigil.api import present
from invigil.api import schemas as s
from invigil.api.deps import House, HouseDep, ProctorDep
from invigil.domain.session import ExamSession, SessionCounts
from invigil.services.sessions import NewSession

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])


def render(house: House, session: ExamSession, counts: SessionCounts) -> s.ExamSession:
    join_url = f"{house.settings.base_url}/join/{house.sessions.join_code(session)}"
    alone = house.attendance.unattended_since(session.id)
    return present.session(session, counts, join_url, house.media.meetings, alone)


@router.get("")
async def list_sessions(proctor: ProctorDep, house: HouseDep) -> s.ExamSessions:
    """The exam sessions that you may watch, newest first."""
    found = await house.sessions.all(proctor)
    return s.ExamSessions(sessions=[render(house, *each) for each in found])


@router.post("", status_code=201)
async def create_session(
    body: s.NewExamSession, proctor: ProctorDep, house: HouseDep
) -> s.ExamSession:
    """Open an exam session; `join_url` is the link for the candidates."""
    session = await house.sessions.open_by(proctor, NewSession(**body.model_dump()))
    return render(house, *await house.sessions.read(proctor, session.id))


@router.get("/{session_id}")
async def get_session(session_id: str, proctor: ProctorDep, house: HouseDep) -> s.ExamSession:
    """One exam session with its counts."""
    return render(house, *await house.sessions.read(proctor, session_id))


@router.post("/{session_id}/close")
async def close_session(session_id: str, proctor: ProctorDep, house: HouseDep) -> s.ExamSession:
    """End the session for everybody. Candidates are told; the join link stops working."""
    await house.sessions.close(proctor, session_id)
    house.media.hurry()
    return render(house, *await house.sessions.read(proctor, session_id))


@router.get("/{session_id}/snapshot")
async def snapshot(session_id: str, proctor: ProctorDep, house: HouseDep) -> s.Snapshot:
    """All that a console shows, and the cursor from which the live socket goes on."""
    found = await house.sessions.snapshot(proctor, session_id)
    names = {candidate.id: candidate.name for candidate in found.candidates}
    return s.Snapshot(
        session=render(house, found.session, found.counts),
        candidates=[
            present.candidate(
                each,
                found.observations.get(each.id),
                found.templates.get(each.id),
                online=house.presence.online(each.id),
                removed_before=found.removed_before[each.id],
            )
            for each in found.candidates
        ],
        incidents=[present.incident(each, names[each.candidate_id]) for each in found.incidents],
        more_incidents=found.more_incidents,
        messages=[present.message(each) for each in found.messages],
        gaps=[present.gap(each) for each in found.gaps],
        system=present.system(house.health.status()),
        cursor=found.cursor,
    )


@router.get("/{session_id}/incidents")
async def list_incidents(
    session_id: str,
    proctor: ProctorDep,
    house: HouseDep,
    before: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> s.Incidents:
    """Older incidents, newest first; `before` is the last id of the page before."""
    found, more, names = await house.sessions.incidents(proctor, session_id, before, limit)
    return s.Incidents(
        incidents=[present.incident(each, names[each.candidate_id]) for each in found], more=more
    )


@router.get("/{session_id}/messages")
async def list_messages(
    session_id: str,
    proctor: ProctorDep,
    house: HouseDep,
    before: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> s.MessagePage:
    """Older messages, newest first; `before` is the last id of the page before."""
    found, more = await house.messages.of_session(proctor, session_id, before, limit)
    return s.MessagePage(messages=[present.message(each) for each in found], more=more)


@router.post("/{session_id}/messages", status_code=201)
async def message_all(
    session_id: str, body: s.NewMessage, proctor: ProctorDep, house: HouseDep
) -> s.Messages:
    """Send a message or warning to everybody who has joined and not finished."""
    sent = await house.messages.to_all(proctor, session_id, body.kind, body.text)
    return s.Messages(messages=[present.message(each) for each in sent])
