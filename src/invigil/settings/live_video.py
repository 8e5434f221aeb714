"""Settings of live video: who carries it, and how browsers find each other."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from invigil.domain.outage import has_place

CommaList = Annotated[tuple[str, ...], NoDecode]
_STUN = re.compile(r"stuns?:(\[[0-9a-f:.]+\]|[^/?#:@\s\[\]]+)(:\d{1,5})?", re.IGNORECASE)
_TURN = re.compile(
    r"turns?:(\[[0-9a-f:.]+\]|[^/?#:@\s\[\]]+)(:\d{1,5})?(\?transport=(udp|tcp))?", re.IGNORECASE
)


class LiveVideo(StrEnum):
    """Who carries live video, by the id of the provider."""

    BUILTIN = "builtin"
    LIVEKIT = "livekit"
    REALTIMEKIT = "realtimekit"


class LiveVideoSettings(BaseSettings):
    meetings: LiveVideo = Field(
        LiveVideo.BUILTIN,
        description="Who carries the live video of new sessions when nothing else is chosen: "
        "`builtin` (from browser to browser), `livekit` or `realtimekit` (Cloudflare). See "
        "docs/live-video.md.",
    )
    livekit_url: str | None = Field(
        None,
        description="Address of a LiveKit server for browsers, such as "
        "`wss://live.example.edu`. Sessions can then choose it for their live video.",
    )
    livekit_api_url: str | None = Field(
        None,
        description="Address of the same LiveKit server for this one, such as "
        "`http://livekit:7880`. Default: as `INVIGIL_LIVEKIT_URL`.",
    )
    livekit_api_key: str | None = Field(
        None, description="Name of a pair of the `keys` in LiveKit's configuration."
    )
    livekit_api_secret: SecretStr | None = Field(
        None, description="The secret of `INVIGIL_LIVEKIT_API_KEY`, at least 32 characters."
    )
    livekit_tap_seconds: float | None = Field(
        None,
        ge=10,
        description="How often the server itself looks at the live track of each candidate in "
        "sessions with LiveKit, in seconds, to compare it with the pictures that the page posts. "
        "Default: never. See docs/live-video.md.",
    )
    realtimekit_base_url: str | None = Field(
        None,
        description="API of RealtimeKit, such as `https://api.dyte.io/v2` for an old account of "
        "Dyte. Default: Cloudflare's, by the credentials that are set.",
    )
    realtimekit_account_id: str | None = Field(
        None, description="Account at Cloudflare, with `INVIGIL_REALTIMEKIT_API_TOKEN`."
    )
    realtimekit_app_id: str | None = Field(
        None, description="Application of RealtimeKit, with `INVIGIL_REALTIMEKIT_API_TOKEN`."
    )
    realtimekit_api_token: SecretStr | None = Field(
        None, description="Token of Cloudflare's API with the permission Realtime Admin."
    )
    realtimekit_org_id: str | None = Field(
        None, description="Organization of the older API, with `INVIGIL_REALTIMEKIT_API_KEY`."
    )
    realtimekit_api_key: SecretStr | None = Field(
        None, description="Key of the older API. The three of Cloudflare's own win over these two."
    )
    dyte_org_id: str | None = Field(
        None,
        validation_alias="DYTE_ORG_ID",
        description="`INVIGIL_REALTIMEKIT_ORG_ID` as the published tutorial names it.",
    )
    dyte_api_key: SecretStr | None = Field(
        None,
        validation_alias="DYTE_API_KEY",
        description="`INVIGIL_REALTIMEKIT_API_KEY` as the published tutorial names it.",
    )
    realtimekit_candidate_preset: str = Field(
        "group_call_participant", min_length=1, description="Preset of candidates in RealtimeKit."
    )
    realtimekit_proctor_preset: str = Field(
        "group_call_host",
        min_length=1,
        description="Preset of proctors in RealtimeKit; best one that is hidden and sends nothing.",
    )
    stun_urls: CommaList = Field(
        (),
        description="STUN servers for live video, separated by commas, such as "
        "`stun:stun.example.edu:3478`. None are needed on one network.",
    )
    turn_urls: CommaList = Field(
        (),
        description="TURN servers for live video, separated by commas, such as "
        "`turn:turn.example.edu:3478?transport=udp`. They need `INVIGIL_TURN_SECRET`.",
    )
    turn_secret: SecretStr | None = Field(
        None, description="The `static-auth-secret` shared with coturn (`use-auth-secret`)."
    )
    turn_minutes: int = Field(
        360, ge=10, description="How long a TURN credential stays valid, in minutes."
    )
    relay_only: bool = Field(
        False,
        description="Send all video through TURN, so that no side sees the other's address. Needs "
        "`INVIGIL_TURN_URLS`.",
    )

    @field_validator("stun_urls", "turn_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("stun_urls")
    @classmethod
    def _stun(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_STUN.fullmatch(url) for url in value):
            msg = "each must be an address such as stun:stun.example.edu:3478"
            raise ValueError(msg)
        return value

    @field_validator("turn_urls")
    @classmethod
    def _turn(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(_STUN.fullmatch(url) for url in value):
            msg = "is for turn: and turns: alone; addresses with stun: go into INVIGIL_STUN_URLS"
            raise ValueError(msg)
        if not all(_TURN.fullmatch(url) for url in value):
            msg = "each must be an address such as turn:turn.example.edu:3478?transport=udp"
            raise ValueError(msg)
        return value

    @field_validator("livekit_url")
    @classmethod
    def _websocket(cls, value: str | None) -> str | None:
        return _address(value, {"ws", "wss"}, "wss://live.example.edu")

    @field_validator("livekit_api_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        return _address(value, {"http", "https"}, "http://livekit:7880")

    @model_validator(mode="after")
    def _whole_livekit(self) -> Self:
        names = ("livekit_url", "livekit_api_key", "livekit_api_secret")
        missing = [name for name in names if getattr(self, name) is None]
        asked = self.meetings is LiveVideo.LIVEKIT or self.livekit_tap_seconds is not None
        wanted = asked or len(missing) < len(names)
        if wanted and missing:
            lacking = ", ".join(f"INVIGIL_{name.upper()}" for name in missing)
            msg = f"live video by LiveKit is asked for, and {lacking} is not set"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _whole_turn(self) -> Self:
        if self.turn_urls and self.turn_secret is None:
            msg = (
                "INVIGIL_TURN_URLS is set and INVIGIL_TURN_SECRET is not: no page could use these "
                "servers. Set it to coturn's static-auth-secret"
            )
            raise ValueError(msg)
        if self.turn_secret is not None and not self.turn_urls:
            msg = (
                "INVIGIL_TURN_SECRET is set and INVIGIL_TURN_URLS is not: set it to the addresses "
                "of the TURN servers, or remove the secret"
            )
            raise ValueError(msg)
        if self.relay_only and not self.turn_urls:
            msg = (
                "INVIGIL_RELAY_ONLY sends all video through TURN, and INVIGIL_TURN_URLS is not "
                "set: no video would come through. Set it with INVIGIL_TURN_SECRET, or remove "
                "INVIGIL_RELAY_ONLY"
            )
            raise ValueError(msg)
        return self


def _address(value: str | None, schemes: set[str], example: str) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in schemes or not has_place(value) or "@" in parts.netloc or parts.query:
        msg = f"must be an address such as {example}"
        raise ValueError(msg)
    return value.rstrip("/")
