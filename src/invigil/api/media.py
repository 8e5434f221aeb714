"""Live video: which providers there are, grants for pages, and what providers tell us."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from invigil.api import media_schemas as m
from invigil.api import present
from invigil.api.deps import CandidateDep, HouseDep, ProctorDep
from invigil.domain.authorize import INSTALLATION, Operation, authorize
from invigil.domain.errors import InvalidRequest
from invigil.meetings import JoinGrant

router = APIRouter(prefix="/api/v1", tags=["live video"])

GRANTS_PER_MINUTE = 60
MOST_WEBHOOK_BYTES = 256_000


def render(grant: JoinGrant) -> m.MediaGrant:
    policy: Literal["all", "relay"] = "relay" if grant.ice_transport_policy == "relay" else "all"
    return m.MediaGrant(
        provider=grant.provider,
        url=grant.url,
        token=grant.token,
        expires_at=grant.expires_at,
        ice_servers=[m.IceServer(**server) for server in grant.ice_servers],
        ice_transport_policy=policy,
        options=dict(grant.options),
    )


@router.get("/media")
async def providers(proctor: ProctorDep, house: HouseDep) -> m.MediaProviders:
    """The providers of live video that are set up here."""
    authorize(proctor, Operation.INSTALLATION_READ, INSTALLATION)
    meetings = house.media.meetings
    return m.MediaProviders(
        providers=[present.media(each.id, meetings) for each in meetings],
        default=meetings.default,
    )


@router.post("/candidates/me/media")
async def candidate_grant(actor: CandidateDep, house: HouseDep, response: Response) -> m.MediaGrant:
    """A pass for the candidate's page to send live video, and to receive nobody's."""
    house.limiter.require(GRANTS_PER_MINUTE, "media", actor.id)
    response.headers["Cache-Control"] = "no-store"
    return render(await house.media.admit_candidate(actor))


@router.post("/sessions/{session_id}/media")
async def proctor_grant(
    session_id: str,
    body: m.NewProctorMedia,
    proctor: ProctorDep,
    house: HouseDep,
    response: Response,
) -> m.MediaGrant:
    """A pass for a console's page to watch a session live."""
    viewer = house.media.viewer(proctor.id, body.page)
    response.headers["Cache-Control"] = "no-store"
    return render(await house.media.admit_proctor(proctor, session_id, viewer, body.candidate_id))


@router.post("/meetings/{provider}/webhook", status_code=204)
async def webhook(provider: str, request: Request, house: HouseDep) -> None:
    """For the provider itself, which signs the body. A repetition changes nothing."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_WEBHOOK_BYTES:
            raise InvalidRequest("This call is too long.")
    await house.media.take_webhook(provider, dict(request.headers), bytes(raw))
