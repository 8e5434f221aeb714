"""JSON about who may come in."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from invigil.api.base_schemas import Tab
from invigil.api.schemas import In, Me, Name, Out
from invigil.domain.proctor_invite import ProctorInviteState


class NewProctorInvite(In):
    """`name`: whom it is for; their decisions carry it."""

    name: Name
    valid_hours: int = Field(72, ge=1, le=24 * 90)


class ProctorInviteOut(Out):
    id: str
    name: str
    state: ProctorInviteState
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class ProctorInvites(Out):
    proctors: list[ProctorInviteOut]


class ProctorInviteMade(Out):
    """`url` is shown this once."""

    proctor: ProctorInviteOut
    url: str


class ProctorInviteToken(In):
    token: str = Field(max_length=200)


class ProctorInviteShown(Out):
    name: str
    title: str
    expires_at: datetime


class ProctorInvited(Out):
    me: Me
    session_id: str


class PasswordSignIn(In):
    name: str = Field(max_length=200)
    password: SecretStr = Field(max_length=200)


class SignInWays(Out):
    """`password`: whether there are organisers with one. `oidc`: what the account elsewhere is
    called, null where no provider is set up."""

    password: bool
    oidc: str | None


class OidcAnswer(BaseModel):
    """What a provider sends the browser back with. It may add more, such as `session_state`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: str = Field("", max_length=200)
    code: str | None = Field(None, max_length=4000)
    iss: str | None = Field(None, max_length=500)
    error: str | None = Field(None, max_length=200)


class NewProctorTicket(In):
    """`page`: a random word that the page keeps while it is open."""

    session_id: str = Field(max_length=64)
    page: Tab | None = None


class NewCandidateTicket(In):
    """`instead_of`: take over only where this is the tab in use."""

    tab: Tab
    take_over: bool = True
    instead_of: Tab | None = None


class TicketOut(Out):
    ticket: str
    expires_in_s: int
