"""The JSON of live video."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from invigil.api.base_schemas import Tab
from invigil.api.schemas import In, MediaProvider, Out


class MediaProviders(Out):
    providers: list[MediaProvider]
    default: str


class IceServer(Out):
    urls: list[str]
    username: str | None = None
    credential: str | None = None


class NewProctorMedia(In):
    """`page`: as for the ticket. `candidate_id`: where each candidate has a room."""

    page: Tab
    candidate_id: str | None = Field(None, max_length=64)


class MediaGrant(Out):
    """`token` is a secret of the page that asked for it."""

    provider: str
    url: str | None
    token: str | None
    expires_at: datetime
    ice_servers: list[IceServer]
    ice_transport_policy: Literal["all", "relay"]
    options: dict[str, str]
