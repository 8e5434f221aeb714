"""What is arranged for one candidate, and the candidate's own "stop comparing my face"."""

from __future__ import annotations

from fastapi import APIRouter

from invigil.api import candidates, check_in
from invigil.api import roster_schemas as r
from invigil.api import schemas as s
from invigil.api.deps import AnyCandidateDep, HouseDep, ProctorDep
from invigil.domain.accommodations import Accommodations

router = APIRouter(prefix="/api/v1/candidates", tags=["arrangements"])


@router.post("/me/stop-comparing")
async def stop_comparing(actor: AnyCandidateDep, house: HouseDep) -> s.MyCandidate:
    """Take the consent to face comparison back; the features of the face are deleted at once.

    Also for somebody who was removed from the exam."""
    await house.arrangements.stop_comparing(actor.id)
    return await check_in.render(house, actor.id)


@router.put("/{candidate_id}/accommodations")
async def accommodate(
    candidate_id: str, body: r.NewAccommodations, proctor: ProctorDep, house: HouseDep
) -> s.Candidate:
    """Set what is arranged for a candidate, who sees it; from the next picture on it holds."""
    arranged = Accommodations(
        detectors_off=frozenset(body.detectors_off),
        sampling_interval_s=body.sampling_interval_s,
        breaks=body.breaks,
        break_minutes=body.break_minutes,
        extra_time_percent=body.extra_time_percent,
    )
    await house.arrangements.accommodate(proctor, candidate_id, arranged)
    return await candidates.render(house, candidate_id)
