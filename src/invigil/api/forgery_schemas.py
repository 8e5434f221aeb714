"""What pages and server say about the numbers of pictures."""

from __future__ import annotations

from invigil.api.schemas import Out


class FrameWindow(Out):
    """`nonce` goes into `X-Frame-Nonce`; `next_seq` is the first `X-Frame-Seq` in the window."""

    nonce: str
    next_seq: int
