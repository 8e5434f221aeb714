"""The server's metrics, for those who hold the token of INVIGIL_METRICS_TOKEN."""

from __future__ import annotations

import asyncio
import secrets

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from invigil.api.deps import House, HouseDep, bearer
from invigil.domain.errors import InvigilError, NotFound, NotSignedIn
from invigil.domain.telemetry import Part, Vitals
from invigil.feed.peer import Role

router = APIRouter(tags=["health"])

ANSWER_WITHIN_S = 2.0
"""Prometheus gives up after ten seconds by default, and a scrape is wanted most in an outage."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics",
    # Not by its class: then refusals, which are JSON everywhere, would be called text as well.
    response_model=None,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, house: HouseDep) -> PlainTextResponse:
    """Numbers for Prometheus. There is nothing here unless INVIGIL_METRICS_TOKEN is set; then it
    is wanted as `Authorization: Bearer <token>`."""
    token = house.settings.metrics_token
    if token is None:
        raise NotFound
    given = bearer(request) or ""
    if not secrets.compare_digest(given.encode(), token.get_secret_value().encode()):
        raise NotSignedIn(
            "The metrics need their token.",
            fix="Send INVIGIL_METRICS_TOKEN as Authorization: Bearer <token>.",
        )
    body = house.telemetry.render(await _vitals(house))
    return PlainTextResponse(body, media_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


async def _vitals(house: House) -> Vitals:
    health = house.health
    live_video = await house.media.working(ANSWER_WITHIN_S)
    asked = {
        Part.DATABASE: await _database_answers(house),
        Part.MEETINGS: all(live_video.values()),
    }
    return Vitals(
        workers=health.workers,
        interval_factor=health.interval_factor,
        evidence_waiting=health.evidence_waiting,
        consoles=house.presence.count(Role.PROCTOR),
        candidates=house.presence.count(Role.CANDIDATE),
        unattended=house.attendance.unattended,
        draining=house.doors.closing,
        parts={**health.parts(), **asked},
        live_video=live_video,
    )


async def _database_answers(house: House) -> bool:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await house.events.ready()
    except (InvigilError, RuntimeError, TimeoutError):
        return False
    return True
