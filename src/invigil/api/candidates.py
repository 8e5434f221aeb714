"""Candidates: what proctors do with them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from invigil.api import present
from invigil.api import schemas as s
from invigil.api.deps import House, HouseDep, ProctorDep

router = APIRouter(prefix="/api/v1/candidates", tags=["candidates"])

_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def picture(image: bytes) -> Response:
    """A picture that no cache and no other site keeps."""
    return Response(image, media_type="image/jpeg", headers=_PRIVATE)


async def render(house: House, candidate_id: str) -> s.Candidate:
    """A candidate as proctors see it."""
    candidate, newest, kinds, before = await house.sessions.candidate(candidate_id)
    online = house.presence.online(candidate_id)
    return present.candidate(candidate, newest, kinds, online=online, removed_before=before)


@router.post("/{candidate_id}/messages", status_code=201)
async def send_message(
    candidate_id: str, body: s.NewMessage, proctor: ProctorDep, house: HouseDep
) -> s.Message:
    """Send a message or warning to one candidate. 409 when the exam is over for the candidate."""
    return present.message(
        await house.messages.from_proctor(proctor, candidate_id, body.kind, body.text)
    )


@router.post("/{candidate_id}/check-in-decision")
async def decide_check_in(
    candidate_id: str, body: s.CheckInDecision, proctor: ProctorDep, house: HouseDep
) -> s.Candidate:
    """Let a waiting candidate in, or ask for a new photo."""
    await house.check_in.decide(
        proctor, candidate_id, approve=body.decision == "approve", reason=body.reason
    )
    return await render(house, candidate_id)


@router.get("/{candidate_id}/reference-photo", response_class=Response)
async def reference_photo(candidate_id: str, proctor: ProctorDep, house: HouseDep) -> Response:
    """The photo that the candidate gave at check-in."""
    return picture(await house.review.reference_photo(proctor, candidate_id))


@router.get("/{candidate_id}/still", response_class=Response)
async def still(candidate_id: str, proctor: ProctorDep, house: HouseDep) -> Response:
    """The newest picture of the candidate's camera."""
    return picture(await house.review.still(proctor, candidate_id))


@router.get("/{candidate_id}/observations")
async def observations(
    candidate_id: str,
    proctor: ProctorDep,
    house: HouseDep,
    after: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> s.Observations:
    """What was observed of one candidate, oldest first; `after` is the last id of the page before.

    Every picture that was acknowledged with an observation is in it, until retention.
    """
    found, more = await house.sessions.observations(proctor, candidate_id, after, limit)
    return s.Observations(observations=[present.observation(each) for each in found], more=more)
