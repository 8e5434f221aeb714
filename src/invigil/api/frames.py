"""The frame call."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from invigil.api import present
from invigil.api import schemas as s
from invigil.api.deps import HouseDep, ImageDep, KnownTokenDep

router = APIRouter(prefix="/api/v1", tags=["frames"])


@router.post("/candidates/me/frames", response_model=s.FrameReply)
async def post_frame(
    token_hash: KnownTokenDep,
    image: ImageDep,
    house: HouseDep,
    x_invigil_tab: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """One picture of the camera (JPEG, WebP or PNG as the body).

    `next_frame_ms` says when the next one is wanted; it is also how a busy server asks for less.
    """
    house.limiter.require(house.settings.frames_per_minute, "frames", token_hash)
    result = await house.frames.handle(token_hash, x_invigil_tab, image)
    # The one route that is called hundreds of times a second: its reply is not checked twice.
    return Response(present.frame_reply(result).model_dump_json(), media_type="application/json")
