"""Personal invites of a session: import, list, revoke, new links. For proctors."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Query, Request, Response

from invigil.api import present
from invigil.api import roster_schemas as r
from invigil.api import schemas as s
from invigil.api.deps import HouseDep, ProctorDep
from invigil.api.sessions import render
from invigil.domain.errors import InvalidRequest, RosterRefused
from invigil.services.roster import links_csv

router = APIRouter(prefix="/api/v1/sessions/{session_id}", tags=["invites"])

MOST_BYTES = 2_000_000
_CSV_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def time_zone(name: str | None) -> ZoneInfo | None:
    """Raises `InvalidRequest`."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidRequest(
            "zone: this time zone is not known here.", fix="Name one such as Europe/Berlin."
        ) from None


@router.get("/invites")
async def list_invites(session_id: str, proctor: ProctorDep, house: HouseDep) -> r.Invites:
    """Everybody who is invited, and who has joined. Links are not in it: nobody has them."""
    session, invites = await house.roster.of_session(proctor, session_id)
    return r.Invites(
        invited_only=session.invited_only, invites=[present.invite(each) for each in invites]
    )


@router.post("/invites", status_code=201, openapi_extra=_CSV_BODY)
async def import_invites(
    session_id: str,
    request: Request,
    proctor: ProctorDep,
    house: HouseDep,
    zone: Annotated[
        str | None, Query(max_length=64, description="Of times that name none: Europe/Berlin.")
    ] = None,
) -> r.ImportedInvites:
    """Invite everybody on a list (CSV bytes). With one wrong line nobody is; each is named."""
    issued = await house.roster.import_list(
        proctor, session_id, await _csv(request), time_zone(zone)
    )
    address = f"{house.settings.base_url}/join/"
    return r.ImportedInvites(
        invites=[present.invite(each.invite, address + each.token) for each in issued],
        csv=links_csv(issued, address),
    )


async def _csv(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise RosterRefused("This file is larger than 2 MB: import it in parts.")
    return bytes(body)


@router.get("/invites.csv", response_class=Response)
async def export_invites(session_id: str, proctor: ProctorDep, house: HouseDep) -> Response:
    """The list with its states as CSV. Cells that a spreadsheet would run are made harmless."""
    text = await house.roster.export(proctor, session_id)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="invites.csv"',
    }
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/invites/{invite_id}/revoke")
async def revoke_invite(
    session_id: str, invite_id: str, proctor: ProctorDep, house: HouseDep
) -> r.Invite:
    """Let its link lead nowhere. Who has joined by it stays in the exam."""
    return present.invite(await house.roster.revoke(proctor, session_id, invite_id))


@router.post("/invites/{invite_id}/reissue")
async def reissue_invite(
    session_id: str, invite_id: str, proctor: ProctorDep, house: HouseDep
) -> r.Invite:
    """A new link in place of the old one; who has joined goes on by it in another browser."""
    issued = await house.roster.reissue(proctor, session_id, invite_id)
    return present.invite(issued.invite, f"{house.settings.base_url}/join/{issued.token}")


@router.put("/admission")
async def set_admission(
    session_id: str, body: r.Admission, proctor: ProctorDep, house: HouseDep
) -> s.ExamSession:
    """Whether the join link lets people in who have no invite."""
    await house.roster.set_invited_only(proctor, session_id, invited_only=body.invited_only)
    return render(house, *await house.sessions.read(proctor, session_id))
