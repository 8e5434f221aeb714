"""The server as a hidden, silent guest for a moment: one picture of one candidate's camera."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from datetime import timedelta

import numpy as np
from livekit import api, rtc
from PIL import Image

from invigil.domain.errors import MediaUnavailable
from invigil.meetings.port import Room

_GRANT_LIFE = timedelta(minutes=1)
_CONNECT_S = 5.0
_TRACK_S = 5.0
_FRAME_S = 5.0
_LEAVE_S = 5.0
_LEAST_SIDE = 64  # the first frames of a track may be tiny or empty
_QUALITY = 85


class LiveKitTap:
    """`url`: of the LiveKit server, as this server reaches it."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        self._url = "ws" + url.removeprefix("http") if url.startswith("http") else url
        self._key = key
        self._secret = secret

    async def look(self, room: Room, viewer: str, identity: str) -> bytes | None:
        """See `ServerTap.look`. Nothing but the camera of `identity` is subscribed to."""
        guest = rtc.Room()
        cameras: asyncio.Queue[rtc.Track] = asyncio.Queue()
        guest.on("track_subscribed", lambda track, *_: cameras.put_nowait(track))
        guest.on("track_published", lambda each, who: _subscribe(each, who.identity == identity))
        options = rtc.RoomOptions(auto_subscribe=False, connect_timeout=_CONNECT_S)
        try:
            await guest.connect(self._url, self._token(room.ref, viewer), options)
        except rtc.ConnectError as error:
            raise MediaUnavailable from error
        try:
            for each in guest.remote_participants.values():
                for publication in each.track_publications.values():
                    _subscribe(publication, each.identity == identity)
            with suppress(TimeoutError):
                async with asyncio.timeout(_TRACK_S):
                    track = await cameras.get()
                return await _first_picture(track)
            return None
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await guest.disconnect()

    def _token(self, room: str, viewer: str) -> str:
        grants = api.VideoGrants(
            room_join=True,
            room=room,
            can_publish=False,
            can_subscribe=True,
            can_publish_data=False,
            can_update_own_metadata=False,
            can_subscribe_metrics=False,
            hidden=True,
        )
        token = api.AccessToken(self._key, self._secret).with_identity(viewer)
        return token.with_ttl(_GRANT_LIFE).with_grants(grants).to_jwt()


def _subscribe(publication: rtc.RemoteTrackPublication, wanted: bool) -> None:
    if wanted and publication.source == rtc.TrackSource.SOURCE_CAMERA:
        publication.set_subscribed(True)


async def _first_picture(track: rtc.Track) -> bytes | None:
    """Raises `TimeoutError` when no frame comes."""
    stream = rtc.VideoStream.from_track(track=track, format=rtc.VideoBufferType.RGB24, capacity=1)
    try:
        async with asyncio.timeout(_FRAME_S):
            async for event in stream:
                frame = event.frame
                if min(frame.width, frame.height) >= _LEAST_SIDE:
                    return await asyncio.to_thread(_jpeg, frame)
        return None
    finally:
        await stream.aclose()


def _jpeg(frame: rtc.VideoFrame) -> bytes:
    pixels = np.frombuffer(frame.data, dtype=np.uint8).reshape(frame.height, frame.width, 3)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
