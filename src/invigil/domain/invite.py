"""Invitations of proctors to a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InviteState(StrEnum):
    OPEN = "open"
    """Nobody has used the link yet."""
    EXPIRED = "expired"
    """Nobody has, and nobody can any more."""
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    """Used, and the log-in is over."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Invite:
    """Lets one browser in, once. `name`: whom it is for, and who then decides incidents.

    `login_until`: when the log-in that used it ends; None where there is none (any more).
    """

    id: str
    session_id: str
    name: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    login_id: str | None = None
    revoked_at: datetime | None = None
    login_until: datetime | None = None

    def state(self, now: datetime) -> InviteState:
        if self.revoked_at is not None:
            return InviteState.REVOKED
        if self.used_at is not None:
            alive = self.login_until is not None and self.login_until > now
            return InviteState.SIGNED_IN if alive else InviteState.SIGNED_OUT
        return InviteState.OPEN if self.expires_at > now else InviteState.EXPIRED
