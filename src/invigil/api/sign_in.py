"""Signing proctors in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from invigil.api import access_schemas as a
from invigil.api import present
from invigil.api import schemas as s
from invigil.api.deps import HouseDep, ProctorDep, allowed_origin, client_address, cookie_name
from invigil.domain.authorize import INSTALLATION, Operation, authorize
from invigil.domain.errors import ForeignOrigin
from invigil.services.access import TICKET_LIFE, Login
from invigil.settings import Settings

router = APIRouter(prefix="/api/v1", tags=["sign-in"])
TRIES_PER_MINUTE = 20
GUESSES_PER_MINUTE = 5


def remember(response: Response, settings: Settings, login: Login) -> None:
    """Give the browser the cookie of a new log-in."""
    response.set_cookie(
        cookie_name(settings),
        login.token,
        max_age=int(login.lifetime.total_seconds()),
        httponly=True,
        secure=settings.secure,
        samesite="lax",
        path="/",
    )


@router.post("/sign-in")
async def sign_in(body: s.SignIn, request: Request, response: Response, house: HouseDep) -> s.Me:
    """Use a one-use link. Reading the page of the link does not use it up; this does."""
    if not allowed_origin(request, house.settings):
        raise ForeignOrigin
    house.limiter.require(TRIES_PER_MINUTE, "sign-in", client_address(request))
    login = await house.access.sign_in(body.token)
    remember(response, house.settings, login)
    return present.proctor(login.staff)


@router.post("/sign-in/password")
async def sign_in_by_password(
    body: a.PasswordSignIn, request: Request, response: Response, house: HouseDep
) -> s.Me:
    """Sign in as an organiser. Guesses are few, and those of one place do not lock another out."""
    if not allowed_origin(request, house.settings):
        raise ForeignOrigin
    address = client_address(request)
    house.limiter.require(GUESSES_PER_MINUTE, "password", address, body.name)
    house.limiter.require(TRIES_PER_MINUTE, "passwords", address)
    login = await house.accounts.sign_in(body.name, body.password.get_secret_value())
    remember(response, house.settings, login)
    return present.proctor(login.staff)


@router.get("/sign-in/ways")
async def ways(house: HouseDep) -> a.SignInWays:
    """How people can sign in here, besides the link of the server's terminal."""
    oidc = house.settings.oidc_name if house.oidc else None
    return a.SignInWays(password=await house.accounts.any(), oidc=oidc)


@router.post("/sign-out", status_code=204)
async def sign_out(proctor: ProctorDep, response: Response, house: HouseDep) -> None:
    """Forget this log-in; open consoles lose their live socket within seconds."""
    authorize(proctor, Operation.LOGIN_OWN, INSTALLATION)
    await house.access.sign_out(proctor)
    response.delete_cookie(cookie_name(house.settings), path="/", secure=house.settings.secure)


@router.get("/me")
async def me(proctor: ProctorDep) -> s.Me:
    """Who is signed in."""
    authorize(proctor, Operation.LOGIN_OWN, INSTALLATION)
    return present.proctor(proctor)


@router.post("/tickets")
async def proctor_ticket(
    body: a.NewProctorTicket, proctor: ProctorDep, house: HouseDep
) -> a.TicketOut:
    """A one-use pass for the live socket of one session."""
    ticket = await house.access.issue_ticket(proctor, body.session_id, body.page)
    return a.TicketOut(ticket=ticket, expires_in_s=int(TICKET_LIFE.total_seconds()))
