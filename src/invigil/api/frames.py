"""The frame call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from invigil.api import present
from invigil.api import schemas as s
from invigil.api.deps import HouseDep, ImageDep, KnownTokenDep
from invigil.domain.upload import MOST, Upload

router = APIRouter(prefix="/api/v1", tags=["frames"])


@dataclass(frozen=True, slots=True)
class _Marks:
    """What the page wrote on the picture."""

    tab: str | None
    nonce: str | None
    seq: int | None


async def _marks(
    x_invigil_tab: Annotated[str | None, Header(max_length=64)] = None,
    x_frame_nonce: Annotated[str | None, Header(max_length=32)] = None,
    x_frame_seq: Annotated[int | None, Header(ge=1, le=MOST)] = None,
) -> _Marks:
    return _Marks(x_invigil_tab, x_frame_nonce, x_frame_seq)


@router.post("/candidates/me/frames", response_model=s.FrameReply)
async def post_frame(
    token_hash: KnownTokenDep,
    image: ImageDep,
    house: HouseDep,
    marks: Annotated[_Marks, Depends(_marks)],
) -> Response:
    """One picture of the camera (JPEG, or WebP or PNG of up to 4 megapixels, as the body).

    `next_frame_ms` says when the next one is wanted; it is also how a busy server asks for less.
    `X-Frame-Nonce` and `X-Frame-Seq` number the picture within a window
    (`POST /api/v1/candidates/me/frame-windows`). A page with a live connection must send them. The
    same picture under the same number is answered again; anything else under it is a replay (409).
    """
    house.limiter.require(house.settings.frames_per_minute, "frames", token_hash)
    upload = None
    if marks.nonce is not None and marks.seq is not None:
        upload = Upload.of(marks.nonce, marks.seq, image)
    result = await house.frames.handle(token_hash, marks.tab, image, upload)
    # The one route that is called hundreds of times a second: its reply is not checked twice.
    return Response(present.frame_reply(result).model_dump_json(), media_type="application/json")
