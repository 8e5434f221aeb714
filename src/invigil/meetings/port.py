"""What a live-video provider offers. Vendors' words stop at their adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Isolation(StrEnum):
    """What keeps candidates from seeing one another."""

    STRUCTURAL = "structural"  # no connection exists between them
    TOKEN = "token"  # the media server refuses  # noqa: S105
    MEETING = "meeting"  # each has a meeting of their own; inside it nothing is refused
    UI_ONLY = "ui_only"  # the page does not show it


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`talkback`: proctors can speak to a candidate. `max_viewers_hint`: proctor pages that can
    watch one candidate well.

    `over_socket`: our own live socket carries the signalling, and its hello the grant. Otherwise
    pages ask for a grant whenever they connect.
    `room_per_candidate`: a proctor's page joins one room for each candidate, not one for all.
    """

    isolation: Isolation
    talkback: bool
    max_viewers_hint: int
    over_socket: bool = False
    room_per_candidate: bool = False


class MediaRole(StrEnum):
    """What one is in a room: sees nobody and is seen, or sees and is hidden."""

    CANDIDATE = "candidate"
    PROCTOR = "proctor"


@dataclass(frozen=True, slots=True)
class Participant:
    """One page in a room. `identity` is opaque: a candidate's id, or a random-looking word for a
    proctor's page. No names go to a provider."""

    identity: str
    role: MediaRole


@dataclass(frozen=True, slots=True)
class RoomKey:
    """What a room is for: a whole session, or one of its candidates."""

    session_id: str
    candidate_id: str | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """A room that exists. `ref`: the provider's own name for it, at most 128 characters."""

    key: RoomKey
    ref: str


@dataclass(frozen=True, slots=True)
class JoinGrant:
    """What one page needs to take part. `token` and `options` may hold secrets: never log them."""

    provider: str
    expires_at: datetime
    ice_servers: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    ice_transport_policy: str = "all"
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


class MediaEventKind(StrEnum):
    JOINED = "joined"
    LEFT = "left"
    TRACK_ON = "track_on"
    TRACK_OFF = "track_off"


class TrackKind(StrEnum):
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class MediaEvent:
    """Something that happened in a room. `id`: the same whenever the provider repeats it."""

    id: str
    kind: MediaEventKind
    room_ref: str
    identity: str
    at: datetime
    track: TrackKind | None = None


class MediaProvider(Protocol):
    """One provider of live video.

    Whatever talks to a server of the provider raises `MediaUnavailable`, `MediaRateLimited`,
    `MediaAuthError`, `MediaNotFound` or `MediaConfigError`, and nothing else.
    """

    @property
    def id(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def page_origins(self) -> Sequence[str]:
        """Origins such as `wss://live.example.edu` that pages connect to, for their
        Content-Security-Policy."""
        ...

    async def open(self, key: RoomKey, known: str | None) -> Room:
        """Make sure that there is a room. `known`: the `ref` of an earlier call, if any."""
        ...

    async def join(self, room: Room, who: Participant, now: datetime) -> JoinGrant:
        """Let one page in; valid until the grant's `expires_at`."""
        ...

    async def kick(self, room: Room, identity: str) -> None:
        """End somebody's presence in the room; nobody there is fine."""
        ...

    async def close(self, room: Room) -> None:
        """End the room for everybody; closed already is fine."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], raw: bytes) -> Sequence[MediaEvent]:
        """What a call of the provider tells; header names are in lower case.

        Raises `MediaAuthError` unless `raw` is signed by the provider, and `NotFound` where there
        are no webhooks.
        """
        ...

    async def health(self) -> None:
        """Return when the provider works with our credentials; raise what is wrong otherwise, in
        words for whoever runs the server: they name settings and host."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...


class ServerTap(Protocol):
    """Lets the server itself see what a proctor's page sees. Not every provider has it."""

    async def look(self, room: Room, viewer: str, identity: str) -> bytes | None:
        """One picture of the camera track of `identity`, as JPEG; None when there is no such track.

        `viewer`: what the server is called in the room, hidden, as long as it takes. Raises
        `MediaUnavailable` where the provider does not answer.
        """
        ...
