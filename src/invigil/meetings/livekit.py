"""Live video through a LiveKit server: every page sends once, whoever watches.

One room for each candidate. In a shared room the server tells everybody who else is there and who
speaks, whatever they may receive; so candidates share none. Candidates publish and receive nothing:
the server itself refuses them every subscription, and their pages allow only proctors' pages to
subscribe. Proctors are hidden. Identities are opaque, and no names or metadata go into a room.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import jwt
from google.protobuf.json_format import Parse, ParseError
from livekit import api
from livekit.api.room_service import RoomService
from livekit.protocol import models, webhook

from invigil.domain.errors import (
    MediaAuthError,
    MediaConfigError,
    MediaNotFound,
    MediaRateLimited,
    MediaUnavailable,
    WebhookRefused,
)
from invigil.domain.outage import place_of, why_away
from invigil.meetings.port import (
    Capabilities,
    Isolation,
    JoinGrant,
    MediaEvent,
    MediaEventKind,
    MediaRole,
    Participant,
    Room,
    RoomKey,
    TrackKind,
)

GRANT_LIFE = timedelta(minutes=10)
"""Counts at connecting only: the server renews the grants of those who are connected."""

EMPTY_ROOM_S = 300
CALL_S = 5.0

_CAPABILITIES = Capabilities(
    Isolation.TOKEN,
    talkback=False,
    max_viewers_hint=50,
    room_per_candidate=True,
)
_KINDS = {
    "participant_joined": MediaEventKind.JOINED,
    "participant_left": MediaEventKind.LEFT,
    "participant_connection_aborted": MediaEventKind.LEFT,
    "track_published": MediaEventKind.TRACK_ON,
    "track_unpublished": MediaEventKind.TRACK_OFF,
}
_TRACKS = {
    models.TrackSource.CAMERA: TrackKind.CAMERA,
    models.TrackSource.MICROPHONE: TrackKind.MICROPHONE,
    models.TrackSource.SCREEN_SHARE: TrackKind.SCREEN,
}
_NOT_FOUND, _TOO_MANY = 404, 429
_REFUSED = {401, 403}


class LiveKitMeetings:
    """`url`: the WebSocket address for browsers. `api_url`: the HTTP address for this server."""

    def __init__(self, url: str, api_url: str | None, key: str, secret: str) -> None:
        self._url = url.rstrip("/")
        self._api_url = (api_url or _as_http(url)).rstrip("/")
        self._named = "INVIGIL_LIVEKIT_API_URL" if api_url else "INVIGIL_LIVEKIT_URL"
        self._key = key
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None

    @property
    def id(self) -> str:
        return "livekit"

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    @property
    def page_origins(self) -> Sequence[str]:
        """Signalling goes over the socket; when that fails, the client asks by HTTP why."""
        parts = urlsplit(self._url)
        other = {"ws": "http", "wss": "https"}[parts.scheme]
        return (f"{parts.scheme}://{parts.netloc}", f"{other}://{parts.netloc}")

    async def open(self, key: RoomKey, known: str | None) -> Room:
        """The room's name follows from its key, so that servers need not agree on it."""
        name = known or f"exam-{key.session_id}-{key.candidate_id}"
        request = api.CreateRoomRequest(name=name, empty_timeout=EMPTY_ROOM_S)
        async with self._rooms() as rooms:
            await rooms.create_room(request)
        return Room(key, name)

    async def join(self, room: Room, who: Participant, now: datetime) -> JoinGrant:
        token = (
            api.AccessToken(self._key, self._secret)
            .with_identity(who.identity)
            .with_ttl(GRANT_LIFE)
            .with_grants(_grants(room.ref, who.role))
            .to_jwt()
        )
        return JoinGrant(self.id, now + GRANT_LIFE, url=self._url, token=token)

    async def kick(self, room: Room, identity: str) -> None:
        async with self._rooms() as rooms:
            await rooms.remove_participant(
                api.RoomParticipantIdentity(room=room.ref, identity=identity)
            )

    async def close(self, room: Room) -> None:
        async with self._rooms() as rooms:
            await rooms.delete_room(api.DeleteRoomRequest(room=room.ref))

    def parse_webhook(self, headers: Mapping[str, str], raw: bytes) -> Sequence[MediaEvent]:
        """LiveKit signs a token with the hash of the body; its `Authorization` has no "Bearer"."""
        token = headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            claims = api.TokenVerifier(self._key, self._secret).verify(token)
            signed = base64.b64decode(claims.sha256 or "", validate=True)
            if not hmac.compare_digest(signed, hashlib.sha256(raw).digest()):
                raise WebhookRefused
            told = Parse(raw.decode(), webhook.WebhookEvent(), ignore_unknown_fields=True)
        except (jwt.PyJWTError, TypeError, binascii.Error) as error:
            raise WebhookRefused from error
        except (ParseError, UnicodeDecodeError) as error:
            raise WebhookRefused("This call is signed, but is not what LiveKit sends.") from error
        event = _event(told)
        return [] if event is None else [event]

    async def health(self) -> None:
        try:
            async with self._rooms() as rooms:
                await rooms.list_rooms(api.ListRoomsRequest(names=["invigil-health"]))
        except (MediaConfigError, MediaRateLimited):
            raise
        except MediaUnavailable as error:
            raise MediaUnavailable(
                f"{self._named}: LiveKit at {place_of(self._api_url)} cannot be reached: "
                f"{why_away(error)}."
            ) from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _rooms(self) -> AsyncIterator[RoomService]:
        """Calls of the server's API, with its refusals in our words."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_S))
        try:
            yield RoomService(self._session, self._api_url, self._key, self._secret)
        except api.ServerError as error:
            raise _in_our_words(error) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MediaUnavailable from error


def _grants(room: str, role: MediaRole) -> api.VideoGrants:
    # Everything is said explicitly: what is left out counts as allowed.
    if role is MediaRole.CANDIDATE:
        return api.VideoGrants(
            room_join=True,
            room=room,
            can_publish=True,
            can_publish_sources=["camera", "microphone", "screen_share", "screen_share_audio"],
            can_subscribe=False,
            can_publish_data=False,
            can_update_own_metadata=False,
            can_subscribe_metrics=False,
            hidden=False,
        )
    return api.VideoGrants(
        room_join=True,
        room=room,
        can_publish=False,
        can_subscribe=True,
        can_publish_data=False,
        can_update_own_metadata=False,
        can_subscribe_metrics=False,
        hidden=True,
    )


def _event(told: webhook.WebhookEvent) -> MediaEvent | None:
    kind = _KINDS.get(told.event)
    if kind is None:
        return None
    return MediaEvent(
        id=told.id,
        kind=kind,
        room_ref=told.room.name,
        identity=told.participant.identity,
        at=datetime.fromtimestamp(told.created_at, UTC),
        track=_TRACKS.get(told.track.source) if told.HasField("track") else None,
    )


def _in_our_words(error: api.ServerError) -> MediaUnavailable:
    if error.status in _REFUSED:
        return MediaAuthError(
            "LiveKit refuses the key or the secret of this server.",
            fix="Set INVIGIL_LIVEKIT_API_KEY and INVIGIL_LIVEKIT_API_SECRET to a pair of the "
            "`keys` in LiveKit's configuration.",
        )
    if error.status == _TOO_MANY or error.code == api.ServerErrorCode.RESOURCE_EXHAUSTED:
        return MediaRateLimited()
    if error.status != _NOT_FOUND:
        return MediaUnavailable()
    if error.code == api.ServerErrorCode.NOT_FOUND:
        return MediaNotFound()
    return MediaConfigError(
        "What answers at the address of LiveKit is no LiveKit server.",
        fix="Check INVIGIL_LIVEKIT_URL and INVIGIL_LIVEKIT_API_URL.",
    )


def _as_http(url: str) -> str:
    return "http" + url.removeprefix("ws")
