"""What proctors do to candidates, and how right the rules were."""

from __future__ import annotations

from fastapi import APIRouter

from invigil.api import acts_schemas as a
from invigil.api import present_acts
from invigil.api import schemas as s
from invigil.api.candidates import render
from invigil.api.deps import HouseDep, ProctorDep
from invigil.domain.acts import ActKind

router = APIRouter(prefix="/api/v1", tags=["candidates"])


@router.post("/candidates/{candidate_id}/acts")
async def act(
    candidate_id: str, body: a.NewAct, proctor: ProctorDep, house: HouseDep
) -> s.Candidate:
    """Pause, resume, remove, let in again or end one candidate, with a reason they are shown.

    409 where that is not possible in the present state, or somebody else was quicker.
    """
    await house.acts.act(proctor, candidate_id, body.act, body.reason, body.command)
    if body.act in {ActKind.REMOVE, ActKind.END}:
        await house.media.dismiss(candidate_id)
    return await render(house, candidate_id)


@router.get("/precision", tags=["incidents"])
async def precision(proctor: ProctorDep, house: HouseDep) -> a.Precision:
    """For each kind of incident: how many rules opened, and what people decided, over this whole
    installation and also about what retention has deleted since."""
    found = await house.review.tallies(proctor)
    return a.Precision(kinds=[present_acts.precision(each) for each in found])
