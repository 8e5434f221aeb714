"""Personal invites: who is expected in a session, and the links that let them in once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from invigil.domain.accommodations import NOTHING_ARRANGED, Accommodations


class InviteState(StrEnum):
    """REVOKED: no link of it works, and nobody has joined by it."""

    INVITED = "invited"
    JOINED = "joined"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Invite:
    """One person on a session's list.

    `opens_at`, `closes_at`: when its link lets in; None for no bound. `link_works`: whether a
    link of it is out that nobody has used. `candidate_id`: who joined by it.
    """

    id: str
    session_id: str
    name: str
    email: str | None
    external_id: str | None
    created_at: datetime
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    accommodations: Accommodations = NOTHING_ARRANGED
    candidate_id: str | None = None
    joined_at: datetime | None = None
    link_works: bool = False

    @property
    def state(self) -> InviteState:
        if self.candidate_id is not None:
            return InviteState.JOINED
        return InviteState.INVITED if self.link_works else InviteState.REVOKED


@dataclass(frozen=True, slots=True)
class InviteLink:
    """One link of an invite. Only the SHA-256 of its token is ever kept."""

    token_hash: str
    invite_id: str
    issued_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
