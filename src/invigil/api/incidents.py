"""Incidents: what humans decide, and the evidence they look at."""

from __future__ import annotations

from fastapi import APIRouter, Response

from invigil.api import present
from invigil.api import schemas as s
from invigil.api.candidates import picture
from invigil.api.deps import HouseDep, ProctorDep

router = APIRouter(prefix="/api/v1", tags=["incidents"])


@router.post("/incidents/{incident_id}/decisions")
async def decide(
    incident_id: str, body: s.NewDecision, proctor: ProctorDep, house: HouseDep
) -> s.Incident:
    """Confirm or dismiss an incident, or call it inconclusive, with a reason."""
    return present.incident(
        *await house.review.decide(proctor, incident_id, body.decision, body.reason)
    )


@router.delete("/incidents/{incident_id}/decisions/latest")
async def undo(incident_id: str, proctor: ProctorDep, house: HouseDep) -> s.Incident:
    """Take the newest decision back; it stays on record as undone."""
    return present.incident(*await house.review.undo(proctor, incident_id))


@router.get("/evidence/{evidence_id}", response_class=Response)
async def evidence(evidence_id: str, proctor: ProctorDep, house: HouseDep) -> Response:
    """The image, checked against its SHA-256."""
    _, image = await house.review.evidence(proctor, evidence_id)
    return picture(image)
