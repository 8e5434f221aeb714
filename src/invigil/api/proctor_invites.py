"""Inviting proctors to a session, and coming in by an invitation."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from invigil.api import access_schemas as a
from invigil.api import present
from invigil.api.deps import HouseDep, ProctorDep, allowed_origin, client_address, cookie_name
from invigil.api.sign_in import TRIES_PER_MINUTE, remember
from invigil.domain.errors import ForeignOrigin, NotSignedIn
from invigil.domain.proctor_invite import ProctorInvite

router = APIRouter(prefix="/api/v1", tags=["proctors"])


def render(invite: ProctorInvite, house: HouseDep) -> a.ProctorInviteOut:
    return a.ProctorInviteOut(
        id=invite.id,
        name=invite.name,
        state=invite.state(house.proctor_invites.now()),
        created_at=invite.created_at,
        expires_at=invite.expires_at,
        used_at=invite.used_at,
        revoked_at=invite.revoked_at,
    )


@router.get("/sessions/{session_id}/proctors")
async def list_proctors(session_id: str, proctor: ProctorDep, house: HouseDep) -> a.ProctorInvites:
    """Who was invited to watch this session, newest first."""
    found = await house.proctor_invites.of_session(proctor, session_id)
    return a.ProctorInvites(proctors=[render(each, house) for each in found])


@router.post("/sessions/{session_id}/proctors", status_code=201)
async def invite_proctor(
    session_id: str,
    body: a.NewProctorInvite,
    proctor: ProctorDep,
    house: HouseDep,
    response: Response,
) -> a.ProctorInviteMade:
    """Make a link that lets one person watch this session, and only it."""
    life = timedelta(hours=body.valid_hours)
    invite, token = await house.proctor_invites.invite(proctor, session_id, body.name, life)
    response.headers["Cache-Control"] = "no-store"
    # Behind the #, so that it is in no log of a server or proxy, and fetching it uses nothing up.
    url = f"{house.settings.base_url}/proctor-invite#{token}"
    return a.ProctorInviteMade(proctor=render(invite, house), url=url)


@router.delete("/sessions/{session_id}/proctors/{proctor_invite_id}", status_code=204)
async def revoke_proctor(
    session_id: str, proctor_invite_id: str, proctor: ProctorDep, house: HouseDep
) -> None:
    """Take an invitation back. Whoever used it loses the session within seconds."""
    await house.proctor_invites.revoke(proctor, session_id, proctor_invite_id)


@router.post("/proctor-invites/show")
async def show_proctor_invite(
    body: a.ProctorInviteToken, request: Request, house: HouseDep
) -> a.ProctorInviteShown:
    """What an invitation is for. Looking does not use it up."""
    house.limiter.require(TRIES_PER_MINUTE, "proctor-invite", client_address(request))
    invite, session = await house.proctor_invites.show(body.token)
    return a.ProctorInviteShown(name=invite.name, title=session.title, expires_at=invite.expires_at)


@router.post("/proctor-invites/accept")
async def accept_proctor_invite(
    body: a.ProctorInviteToken, request: Request, response: Response, house: HouseDep
) -> a.ProctorInvited:
    """Use an invitation up: this browser may watch its session from now on."""
    if not allowed_origin(request, house.settings):
        raise ForeignOrigin
    house.limiter.require(TRIES_PER_MINUTE, "proctor-invite", client_address(request))
    try:
        already = await house.access.staff(request.cookies.get(cookie_name(house.settings)))
    except NotSignedIn:
        already = None
    accepted = await house.proctor_invites.accept(body.token, already)
    if accepted.login is not None:
        remember(response, house.settings, accepted.login)
    return a.ProctorInvited(me=present.proctor(accepted.staff), session_id=accepted.session_id)
