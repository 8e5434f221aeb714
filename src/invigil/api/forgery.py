"""The windows in which a page numbers its pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from invigil.api.deps import CandidateDep, HouseDep
from invigil.api.forgery_schemas import FrameWindow

router = APIRouter(prefix="/api/v1/candidates/me", tags=["frames"])


@router.post("/frame-windows", status_code=201)
async def open_frame_window(
    candidate: CandidateDep,
    house: HouseDep,
    x_invigil_tab: Annotated[str | None, Header(max_length=64)] = None,
) -> FrameWindow:
    """A new window: pictures are numbered in it from `next_seq` upwards, and in no older one."""
    house.limiter.require(house.settings.frames_per_minute, "windows", candidate.id)
    nonce = await house.camera_claims.open_window(candidate.id, x_invigil_tab)
    return FrameWindow(nonce=nonce, next_seq=1)
