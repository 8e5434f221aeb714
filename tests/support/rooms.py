"""Pages without a browser in rooms of a real LiveKit server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import numpy as np
from livekit import api, rtc

from tests.support.livekit import KEY, SECRET, LiveKit

PATIENCE_S = 20.0
WIDTH, HEIGHT = 320, 240


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.05)


def any_grant(room: str, identity: str) -> str:
    """A token that may do everything in a room, as only the holder of the secret can make one."""
    grants = api.VideoGrants(room_join=True, room=room)
    token = api.AccessToken(KEY, SECRET).with_identity(identity).with_grants(grants)
    return token.with_ttl(timedelta(minutes=5)).to_jwt()


def room_of(token: str) -> str:
    claims = api.TokenVerifier(KEY, SECRET).verify(token)
    assert claims.video
    return claims.video.room


class Guest:
    """Somebody in a room: whom and what it has seen there."""

    def __init__(self, room: rtc.Room) -> None:
        self.room = room
        self.tracks: list[str] = []
        self.data: list[bytes] = []
        self.gone = asyncio.Event()
        room.on("track_subscribed", lambda track, *_: self.tracks.append(track.sid))
        room.on("data_received", lambda packet: self.data.append(packet.data))
        room.on("disconnected", lambda *_: self.gone.set())

    @property
    def others(self) -> list[str]:
        return list(self.room.remote_participants)

    async def send_pictures(self, level: int = 128) -> rtc.VideoSource:
        """Publish a camera and one picture in it."""
        source = rtc.VideoSource(WIDTH, HEIGHT)
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False)
        await self.room.local_participant.publish_track(track, options)
        show(source, np.full((HEIGHT, WIDTH, 3), level, np.uint8))
        return source


def show(source: rtc.VideoSource, rgb: np.ndarray) -> None:
    """The next frame, 240x320 RGB."""
    source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGB24, rgb.tobytes()))


@asynccontextmanager
async def guest(live: LiveKit, token: str) -> AsyncIterator[Guest]:
    room = rtc.Room()
    inside = Guest(room)
    await room.connect(live.url, token, rtc.RoomOptions(connect_timeout=5.0))
    try:
        yield inside
    finally:
        await room.disconnect()
