"""Whether the process lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Response

from invigil import __version__
from invigil.api import present
from invigil.api import schemas as s
from invigil.api.deps import HouseDep, ProctorDep
from invigil.domain.authorize import INSTALLATION, Operation, authorize
from invigil.domain.errors import InvigilError

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """200 as soon as the server is up, whatever it depends on."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", responses={503: {"model": s.ErrorReply}})
async def ready(house: HouseDep, response: Response) -> dict[str, str]:
    """200 when the database answers and the server is not about to end, else 503."""
    if house.doors.closing:
        response.status_code = 503
        return {"status": "stopping"}
    try:
        await house.events.ready()
    except (InvigilError, RuntimeError):
        response.status_code = 503
        return {"status": "database"}
    return {"status": "ok"}


@router.get("/api/v1/system")
async def system(proctor: ProctorDep, house: HouseDep) -> s.SystemStatus:
    """How storage and analysis are."""
    authorize(proctor, Operation.INSTALLATION_READ, INSTALLATION)
    return present.system(house.health.status())
