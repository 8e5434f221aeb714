"""Legal holds, erasure and what is given out about one candidate, for organisers."""

from __future__ import annotations

from fastapi import APIRouter, Response

from invigil.api import keeping_schemas as s
from invigil.api.deps import HouseDep, ProctorDep
from invigil.api.live import ERASED
from invigil.domain.hold import Hold
from invigil.feed.bus import candidate_topic

router = APIRouter(prefix="/api/v1", tags=["keeping"])


def _hold(hold: Hold) -> s.Hold:
    return s.Hold(
        id=hold.id,
        session_id=hold.session_id,
        candidate_id=hold.candidate_id,
        reason=hold.reason,
        set_at=hold.set_at,
        released_at=hold.released_at,
    )


@router.get("/sessions/{session_id}/holds")
async def list_holds(session_id: str, proctor: ProctorDep, house: HouseDep) -> s.Holds:
    """Legal holds on the session or on candidates of it, oldest first."""
    found = await house.keeping.holds.of_session(proctor, session_id)
    return s.Holds(holds=[_hold(each) for each in found])


@router.post("/sessions/{session_id}/holds", status_code=201)
async def set_hold(
    session_id: str, body: s.NewHold, proctor: ProctorDep, house: HouseDep
) -> s.Hold:
    """Keep the session, or one candidate of it, from being deleted until the hold is released."""
    return _hold(await house.keeping.holds.set(proctor, session_id, body.candidate_id, body.reason))


@router.delete("/holds/{hold_id}")
async def release_hold(hold_id: str, proctor: ProctorDep, house: HouseDep) -> s.Hold:
    """Release a hold: retention goes on with the next clean-up."""
    return _hold(await house.keeping.holds.release(proctor, hold_id))


@router.delete("/candidates/{candidate_id}")
async def erase_candidate(candidate_id: str, proctor: ProctorDep, house: HouseDep) -> s.Erased:
    """Erase everything about a candidate, for good. Refused while there is a hold."""
    erased = await house.keeping.erasure.erase(proctor, candidate_id)
    house.bus.send(candidate_topic(candidate_id), ERASED)
    return s.Erased(objects=erased.objects, rows=dict(erased.rows), later=erased.later)


@router.get("/candidates/{candidate_id}/export", response_class=Response)
async def export_candidate(candidate_id: str, proctor: ProctorDep, house: HouseDep) -> Response:
    """Everything that is kept about a candidate, as a zip file to hand over."""
    made = await house.keeping.personal_export.make(proctor, candidate_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "Cache-Control": "no-store",
    }
    return Response(made.content, media_type="application/zip", headers=headers)
