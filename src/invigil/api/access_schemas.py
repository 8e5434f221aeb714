"""JSON about who may come in."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from invigil.api.schemas import In, Me, Name, Out
from invigil.domain.invite import InviteState


class NewInvite(In):
    """`name`: whom it is for; their decisions carry it."""

    name: Name
    valid_hours: int = Field(72, ge=1, le=24 * 90)


class InviteOut(Out):
    id: str
    name: str
    state: InviteState
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class Invites(Out):
    proctors: list[InviteOut]


class InviteMade(Out):
    """`url` is shown this once."""

    proctor: InviteOut
    url: str


class InviteToken(In):
    token: str = Field(max_length=200)


class InviteShown(Out):
    name: str
    title: str
    expires_at: datetime


class Invited(Out):
    me: Me
    session_id: str
