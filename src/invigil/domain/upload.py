"""How frames are numbered, so that a captured one cannot be sent again.

The server gives a page a window, a random word; the page numbers its frames in it from 1 upwards.
A network may deliver one request twice, and a page sends a frame again whose answer got lost: the
same bytes under the same number, soon, are the same frame and are answered again. Anything else
under a number that was used is a replay.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from invigil.domain.candidate import Candidate
from invigil.domain.errors import FrameNotNumbered

SAME_REQUEST = timedelta(minutes=2)
"""So long after a frame the same request may still be on its way: longer than proxies wait."""

MOST = 2**31 - 1
_DIGEST = 16


@dataclass(frozen=True, slots=True)
class Upload:
    """`window`, `seq`: what the page wrote on the frame. `digest`: of its bytes."""

    window: str
    seq: int
    digest: bytes

    @classmethod
    def of(cls, window: str, seq: int, image: bytes) -> Upload:
        return cls(window, seq, hashlib.sha256(image).digest()[:_DIGEST])

    def is_next(self, candidate: Candidate) -> bool:
        """Whether the number was not used yet, in the candidate's present window."""
        return self.window == candidate.frame_window and self.seq > candidate.frame_seq

    def is_same(self, digest: bytes, received_at: datetime, now: datetime) -> bool:
        """Whether this is the frame that came at `received_at`, and not a replay of it."""
        return self.digest == digest and now - received_at <= SAME_REQUEST


def require_number(candidate: Candidate, upload: Upload | None) -> None:
    """Frames of pages are numbered; clients without a live connection may do without.

    Raises `FrameNotNumbered`.
    """
    if upload is None and candidate.monitored and (candidate.frame_window or candidate.tab):
        raise FrameNotNumbered
