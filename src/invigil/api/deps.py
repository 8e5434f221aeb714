"""What routes ask for: the house, who is asking, and the bytes of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from invigil.api.limiter import Limiter
from invigil.clock import Clock
from invigil.domain.actor import CandidateActor, Staff
from invigil.domain.consent import Installation
from invigil.domain.errors import ForeignOrigin, ImageBroken, ImageTooLarge, Removed
from invigil.domain.session import ExamSession
from invigil.domain.telemetry import Step
from invigil.feed.bus import Bus
from invigil.feed.presence import Presence
from invigil.monitoring.attendance import Attendance
from invigil.monitoring.frames import FramePipeline
from invigil.monitoring.health import Health
from invigil.monitoring.single import SingleImage
from invigil.services.access import Access
from invigil.services.accounts import API_TOKEN_PREFIX, Accounts
from invigil.services.acts import Acts
from invigil.services.arrangements import Arrangements
from invigil.services.camera_claims import CameraClaims
from invigil.services.check_in import CheckIn
from invigil.services.classic import Classic
from invigil.services.event_log import EventLog
from invigil.services.keeping import Keeping
from invigil.services.media import Media
from invigil.services.messages import Messages
from invigil.services.oidc_sign_in import OidcSignIn
from invigil.services.own_incidents import OwnIncidentsService
from invigil.services.proctor_invites import ProctorInvites
from invigil.services.review import Review
from invigil.services.roster import Roster
from invigil.services.sessions import Sessions
from invigil.settings import Settings
from invigil.telemetry import Teller

COOKIE = "invigil"
HOST_COOKIE = "__Host-invigil"
_COMPANIES = {"realtimekit": "Cloudflare"}
_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(slots=True)
class Doors:
    """Whether this server is about to end: it still serves, and wants nobody new."""

    closing: bool = False


@dataclass(frozen=True, slots=True)
class House:
    """All rooms, wired once in `invigil.app`."""

    settings: Settings
    clock: Clock
    events: EventLog
    bus: Bus
    presence: Presence
    attendance: Attendance
    media: Media
    frames: FramePipeline
    single: SingleImage
    health: Health
    access: Access
    proctor_invites: ProctorInvites
    accounts: Accounts
    oidc: OidcSignIn | None
    sessions: Sessions
    check_in: CheckIn
    review: Review
    acts: Acts
    own_incidents: OwnIncidentsService
    messages: Messages
    roster: Roster
    arrangements: Arrangements
    classic: Classic
    camera_claims: CameraClaims
    keeping: Keeping
    limiter: Limiter
    telemetry: Teller
    doors: Doors = field(default_factory=Doors)

    def installation(self, session: ExamSession) -> Installation:
        """What is so on this server; candidates of the session read it before they join."""
        return Installation(
            pictures="Imgur" if self.settings.public_pictures else None,
            video=_COMPANIES.get(session.provider),
            looks_at_video=self.media.can_see(session),
        )


def get_house(connection: HTTPConnection) -> House:
    house: House = connection.app.state.house
    return house


async def _house(connection: HTTPConnection) -> House:
    # Asynchronous though nothing is awaited: FastAPI sends others to a thread, for every request.
    return get_house(connection)


HouseDep = Annotated[House, Depends(_house)]


def cookie_name(settings: Settings) -> str:
    """Browsers enforce the `__Host-` rules only over HTTPS."""
    return HOST_COOKIE if settings.secure else COOKIE


def allowed_origin(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the page that asks is one of ours.

    Without INVIGIL_PUBLIC_URL our own origin is what the request was addressed to; so it is on a
    trial with our own certificate, where each network has another address of this machine.
    """
    origin = connection.headers.get("origin")
    if origin is None:
        return False
    if settings.public_url and not settings.tls_self_signed:
        return origin == settings.public_url
    own = f"{settings.scheme}://{connection.headers.get('host')}"
    return origin in {own, settings.base_url}


async def current_proctor(request: Request, house: HouseDep) -> Staff:
    cookie = request.cookies.get(cookie_name(house.settings))
    token = bearer(request)
    if cookie is None and token is not None and token.startswith(API_TOKEN_PREFIX):
        # No browser adds a bearer token by itself, so that no other site can send one.
        client = await house.accounts.api_client(token)
        house.limiter.require(house.settings.api_calls_per_minute, "api", client.id)
        return client
    actor = await house.access.staff(cookie)
    if request.method not in _SAFE and not allowed_origin(request, house.settings):
        raise ForeignOrigin
    return actor


async def current_candidate(request: Request, house: HouseDep) -> CandidateActor:
    return await house.access.candidate(bearer(request))


async def candidate_in_exam(
    actor: Annotated[CandidateActor, Depends(current_candidate)],
) -> CandidateActor:
    if actor.removed:
        raise Removed
    return actor


async def known_token(request: Request, house: HouseDep) -> str:
    """Hash of a bearer token that was a candidate's a moment ago: whose, the call itself asks."""
    return await house.access.known_token(bearer(request))


def bearer(request: Request) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


ProctorDep = Annotated[Staff, Depends(current_proctor)]
"""Whoever works on this side of the exam. What they may do is for `authorize` to say."""
CandidateDep = Annotated[CandidateActor, Depends(candidate_in_exam)]
"""A candidate who takes the exam. Raises `Removed` for one who was taken out of it."""
AnyCandidateDep = Annotated[CandidateActor, Depends(current_candidate)]
"""Also one who was: for what is said about them."""
KnownTokenDep = Annotated[str, Depends(known_token)]


async def image_body(request: Request, house: HouseDep) -> bytes:
    """The body, read no further than the limit. Raises `ImageTooLarge` or `ImageBroken`."""
    limit = house.settings.max_image_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise ImageTooLarge
    body = bytearray()
    with house.telemetry.step(Step.RECEIVE):
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise ImageTooLarge
    if not body:
        raise ImageBroken("There is no picture in this request.")
    return bytes(body)


ImageDep = Annotated[bytes, Depends(image_body)]


def client_address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
