"""What candidates see of the incidents about themselves, and their answers."""

from __future__ import annotations

from fastapi import APIRouter, Response

from invigil.api import acts_schemas as a
from invigil.api import present_acts
from invigil.api.candidates import picture
from invigil.api.deps import AnyCandidateDep, HouseDep

router = APIRouter(prefix="/api/v1/candidates/me/incidents", tags=["own incidents"])


@router.get("")
async def own_incidents(actor: AnyCandidateDep, house: HouseDep) -> a.OwnIncidentList:
    """The incidents about oneself, after the exam, as far as the session shows them."""
    house.limiter.require(60, "own incidents", actor.id)
    return present_acts.own_incidents(await house.own_incidents.list(actor))


@router.get("/{incident_id}/evidence/{evidence_id}", response_class=Response)
async def own_evidence(
    incident_id: str, evidence_id: str, actor: AnyCandidateDep, house: HouseDep
) -> Response:
    """A picture of one's own incident. What is not shown, or not one's own, is not found."""
    house.limiter.require(120, "own evidence", actor.id)
    return picture(await house.own_incidents.evidence(actor, incident_id, evidence_id))


@router.post("/{incident_id}/answer")
async def answer(
    incident_id: str, body: a.NewAnswer, actor: AnyCandidateDep, house: HouseDep
) -> a.OwnIncident:
    """Say something to an incident, once, for the reviewers to read."""
    house.limiter.require(30, "answers", actor.id)
    return present_acts.own_incident(
        await house.own_incidents.answer(actor, incident_id, body.text)
    )
