"""Invitations of proctors to a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ProctorInviteState(StrEnum):
    OPEN = "open"
    """Nobody has used the link yet."""
    EXPIRED = "expired"
    """Nobody has, and nobody can any more."""
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    """Used, and the log-in is over."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ProctorInvite:
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

    def state(self, now: datetime) -> ProctorInviteState:
        if self.revoked_at is not None:
            return ProctorInviteState.REVOKED
        if self.used_at is not None:
            alive = self.login_until is not None and self.login_until > now
            return ProctorInviteState.SIGNED_IN if alive else ProctorInviteState.SIGNED_OUT
        return ProctorInviteState.OPEN if self.expires_at > now else ProctorInviteState.EXPIRED
