"""Signing in with an account of an OpenID Connect provider: out to it, and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from invigil.api.access_schemas import OidcAnswer
from invigil.api.deps import HouseDep, client_address
from invigil.api.sign_in import TRIES_PER_MINUTE, remember
from invigil.domain.access_errors import OidcRefused
from invigil.domain.errors import InvigilError, NotFound
from invigil.services.oidc_sign_in import ATTEMPT_LIFE, OidcSignIn
from invigil.settings import Settings

router = APIRouter(prefix="/api/v1/sign-in", tags=["sign-in"])


def _cookie(settings: Settings) -> str:
    return "__Host-invigil-oidc" if settings.secure else "invigil-oidc"


def _set_up(house: HouseDep) -> OidcSignIn:
    if house.oidc is None:
        raise NotFound
    return house.oidc


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


@router.get("/oidc", status_code=303, response_class=Response)
async def to_provider(request: Request, house: HouseDep) -> Response:
    """Send the browser to the provider, where the person signs in."""
    service = _set_up(house)
    house.limiter.require(10 * TRIES_PER_MINUTE, "oidc", client_address(request))
    try:
        leaving = await service.begin()
    except InvigilError as error:
        return _to(f"/?sign_in={error.code}")
    answer = _to(leaving.address)
    answer.set_cookie(
        _cookie(house.settings),
        leaving.browser,
        max_age=int(ATTEMPT_LIFE.total_seconds()),
        httponly=True,
        secure=house.settings.secure,
        samesite="lax",  # it comes back from another site
        path="/",
    )
    return answer


@router.get("/oidc/callback", status_code=303, response_class=Response)
async def from_provider(
    request: Request, house: HouseDep, said: Annotated[OidcAnswer, Query()]
) -> Response:
    """Where the provider sends the browser back to; signs in, or says why not on the page."""
    service = _set_up(house)
    house.limiter.require(10 * TRIES_PER_MINUTE, "oidc", client_address(request))
    cookie = _cookie(house.settings)
    try:
        login = await service.finish(
            state=said.state,
            browser=request.cookies.get(cookie),
            code=None if said.error else said.code,
            issuer=said.iss,
        )
    except InvigilError as refusal:
        denied = isinstance(refusal, OidcRefused) and said.error == "access_denied"
        answer = _to("/" if denied else f"/?sign_in={refusal.code}")
    else:
        answer = _to("/")
        remember(answer, house.settings, login)
    answer.delete_cookie(cookie, path="/", secure=house.settings.secure)
    return answer
