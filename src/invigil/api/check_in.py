"""The candidate's own routes: from the join link into the room and out of it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from invigil.api import access_schemas as a
from invigil.api import present
from invigil.api import schemas as s
from invigil.api.deps import (
    AnyCandidateDep,
    CandidateDep,
    House,
    HouseDep,
    ImageDep,
    client_address,
)
from invigil.api.limiter import PHOTOS_PER_MINUTE
from invigil.domain.consent import consent_text, consent_version
from invigil.domain.errors import InvalidRequest, JoinLinkUnknown, SessionClosed
from invigil.domain.invite import Invite
from invigil.domain.secrets import hash_token
from invigil.domain.session import ExamSession
from invigil.monitoring.telling import show_on_tile
from invigil.services.access import TICKET_LIFE
from invigil.services.check_in import Personal
from invigil.services.check_in_steps import NEEDED_FRAMES

router = APIRouter(prefix="/api/v1", tags=["check-in"])

GUESSES_PER_MINUTE = 30
ASKS_PER_MINUTE = 10
STEPS_PER_MINUTE = 30
TICKETS_PER_MINUTE = 120
"""On a line that breaks at once a page comes again twice a second."""
JOIN_CODE_MARK = "."
"""In every join link's code and in no personal link's token."""


async def render(house: House, candidate_id: str) -> s.MyCandidate:
    """The candidate as it sees itself."""
    candidate, session, has_template = await house.check_in.seen_by_itself(candidate_id)
    messages = await house.messages.of_candidate(candidate_id)
    return present.my_candidate(candidate, session, messages, has_template=has_template)


async def _session_of(
    code: str, request: Request, house: House
) -> tuple[ExamSession, Invite | None]:
    """The session of a join link, or of a personal link with its invite.

    Those who try links that do not exist are slowed down; those who join are not: a whole campus
    comes from one address.
    """
    try:
        if JOIN_CODE_MARK in code:
            return await house.sessions.by_join_code(code), None
        invite, session = await house.roster.find(code)
    except JoinLinkUnknown:
        house.limiter.require(GUESSES_PER_MINUTE, "guess", client_address(request))
        raise
    return session, invite


@router.get("/join/{code}")
async def join_info(code: str, request: Request, house: HouseDep) -> s.JoinInfo:
    """What the candidate reads before joining. Reading a personal link does not use it up."""
    session, invite = await _session_of(code, request, house)
    if session.closed:
        raise SessionClosed
    installation = house.installation(session)
    return s.JoinInfo(
        session=present.my_session(session),
        consent=s.ConsentText(
            version=consent_version(session, installation),
            text=list(consent_text(session, installation)),
        ),
        invite=invite and present.join_invite(invite),
    )


@router.post("/join/{code}", status_code=201)
async def join(code: str, body: s.Join, request: Request, house: HouseDep) -> s.Joined:
    """Record the consent and the choice, and join; the token is shown this once.

    A personal link is used up by this.
    """
    session, invite = await _session_of(code, request, house)
    if invite is None:
        house.limiter.require(house.settings.joins_per_minute, "join", client_address(request))
        if body.name is None:
            raise InvalidRequest("name: your name is missing.", fix="Enter your name.")
    else:
        house.roster.require_open(invite)
        if invite.candidate_id is not None:
            back, token = await house.roster.resume(code, accepted=body.consent.accepted)
            return s.Joined(candidate=await render(house, back.id), token=token)
    candidate, token = await house.check_in.join(
        session,
        invite.name if invite else body.name or "",
        body.consent.version,
        accepted=body.consent.accepted,
        compare_face=body.consent.compare_face,
        installation=house.installation(session),
        personal=Personal(invite, hash_token(code)) if invite else None,
    )
    return s.Joined(candidate=await render(house, candidate.id), token=token)


@router.get("/candidates/me")
async def me(actor: AnyCandidateDep, house: HouseDep) -> s.MyCandidate:
    """Where the candidate stands; a reloaded page goes on from here."""
    return await render(house, actor.id)


@router.put("/candidates/me/reference-photo")
async def reference_photo(actor: CandidateDep, image: ImageDep, house: HouseDep) -> s.MyCandidate:
    """Give the reference photo (image bytes); refused with a reason."""
    house.limiter.require(PHOTOS_PER_MINUTE, "photos", actor.id)
    await house.check_in.set_reference_photo(actor.id, image)
    return await render(house, actor.id)


@router.post("/candidates/me/check-in-frames")
async def check_in_frame(
    actor: CandidateDep, image: ImageDep, house: HouseDep
) -> s.CheckInProgress:
    """A live picture to compare with the reference photo.

    While a proctor is awaited it is only shown, so that whoever decides sees who is there now.
    """
    await _pace(house, actor.id)
    progress = await house.check_in.live_frame(actor.id, image)
    show_on_tile(
        house.bus,
        actor.session_id,
        actor.id,
        at=progress.at,
        next_frame_ms=progress.next_frame_ms,
        live=None,
    )
    return s.CheckInProgress(
        state=progress.state,
        collected=progress.collected,
        needed=NEEDED_FRAMES,
        hint=progress.hint,
        next_frame_ms=progress.next_frame_ms,
    )


@router.post("/candidates/me/ask-proctor")
async def ask_proctor(body: s.AskProctor, actor: CandidateDep, house: HouseDep) -> s.MyCandidate:
    """The way out of every dead end: a human looks."""
    house.limiter.require(ASKS_PER_MINUTE, "asks", actor.id)
    await house.check_in.ask_proctor(actor.id, body.note)
    return await render(house, actor.id)


@router.post("/candidates/me/enter")
async def enter(actor: CandidateDep, house: HouseDep) -> s.MyCandidate:
    """Into the room; monitoring begins."""
    house.limiter.require(STEPS_PER_MINUTE, "steps", actor.id)
    await house.check_in.enter(actor.id)
    return await render(house, actor.id)


@router.post("/candidates/me/leave")
async def leave(actor: CandidateDep, house: HouseDep) -> s.MyCandidate:
    """The candidate is done; monitoring ends."""
    house.limiter.require(STEPS_PER_MINUTE, "steps", actor.id)
    await house.check_in.leave(actor.id)
    await house.media.dismiss(actor.id)
    return await render(house, actor.id)


@router.post("/candidates/me/messages", status_code=201)
async def ask(body: s.NewCandidateMessage, actor: CandidateDep, house: HouseDep) -> s.Message:
    """Write to the proctors; no other candidate sees it."""
    house.limiter.require(30, "message", actor.id)
    return present.message(await house.messages.from_candidate(actor.id, body.text))


@router.post("/candidates/me/tickets")
async def candidate_ticket(
    body: a.NewCandidateTicket, actor: CandidateDep, house: HouseDep
) -> a.TicketOut:
    """A one-use pass for the live socket; makes this tab the one that may send frames.

    409 where another tab is in use: without `take_over`, or where it is not `instead_of`.
    """
    house.limiter.require(TICKETS_PER_MINUTE, "tickets", actor.id)
    await house.check_in.take_tab(
        actor.id, body.tab, force=body.take_over, instead_of=body.instead_of
    )
    ticket = await house.access.issue_ticket(actor, actor.session_id, body.tab)
    return a.TicketOut(ticket=ticket, expires_in_s=int(TICKET_LIFE.total_seconds()))


async def _pace(house: House, candidate_id: str) -> None:
    house.limiter.require(house.settings.frames_per_minute, "frames", candidate_id)
