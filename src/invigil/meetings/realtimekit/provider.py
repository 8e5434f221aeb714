"""Live video by Cloudflare RealtimeKit.

No permission there keeps somebody in a meeting from receiving the others, so every candidate has a
meeting of their own, which proctors join as well. Nothing of us goes there but ids: no names, no
titles. Meetings are made once; the database remembers them.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

from invigil.clock import Clock
from invigil.domain.errors import MediaConfigError, MediaNotFound, MediaUnavailable
from invigil.meetings.port import (
    Capabilities,
    Isolation,
    JoinGrant,
    MediaEvent,
    MediaRole,
    Participant,
    Room,
    RoomKey,
)
from invigil.meetings.realtimekit.access import Access
from invigil.meetings.realtimekit.client import MediaConflict, RestClient
from invigil.meetings.realtimekit.plain import in_plain_words
from invigil.meetings.realtimekit.webhook import Webhooks

_CAPABILITIES = Capabilities(
    Isolation.MEETING, talkback=False, max_viewers_hint=10, room_per_candidate=True
)
_K = TypeVar("_K")
_V = TypeVar("_V")
_TITLE = "invigil"
_UNKNOWN_LIFE = timedelta(hours=1)
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Presets:
    """What RealtimeKit calls a role. Its own names of a new application are the default."""

    candidate: str
    proctor: str


class RealtimeKitMeetings:
    def __init__(self, access: Access, presets: Presets, clock: Clock) -> None:
        self._access = access
        self._presets = presets
        self._clock = clock
        self._rest = RestClient(access, clock)
        self._webhooks = Webhooks(self._rest.fetch_key, clock)
        self._turns: defaultdict[RoomKey, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Two pages that ask at once get one meeting: the database knows of it only later.
        self._made: OrderedDict[RoomKey, str] = OrderedDict()
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._people: OrderedDict[tuple[str, str], str] = OrderedDict()

    @property
    def id(self) -> str:
        return "realtimekit"

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    @property
    def page_origins(self) -> Sequence[str]:
        domain = self._access.page_domain
        if domain is None:
            return ("https://*.realtime.cloudflare.com", "wss://*.realtime.cloudflare.com")
        scheme = self._access.url.partition(":")[0]
        return (f"{scheme}://{domain}", f"{'wss' if scheme == 'https' else 'ws'}://{domain}")

    async def open(self, key: RoomKey, known: str | None) -> Room:
        await self._webhooks.prepare()
        if known is not None and known not in self._gone:
            return Room(key, known)
        async with self._turns[key]:
            made = self._made.get(key)
            if made is None or made in self._gone:
                data = await self._rest.post(
                    "/meetings", {"title": _TITLE, "record_on_start": False}
                )
                made = _text(data, "id")
                _remember(self._made, key, made)
        self._turns.pop(key, None)
        return Room(key, made)

    async def join(self, room: Room, who: Participant, now: datetime) -> JoinGrant:
        try:
            token = await self._token(room, who)
        except MediaNotFound:
            await self._require_meeting(room)
            raise MediaConfigError(
                "RealtimeKit does not know the preset of this page.",
                fix="Check INVIGIL_REALTIMEKIT_CANDIDATE_PRESET and _PROCTOR_PRESET.",
            ) from None
        domain = self._access.page_domain
        return JoinGrant(
            provider=self.id,
            expires_at=_expiry(token) or now + _UNKNOWN_LIFE,
            token=token,
            options={"base_uri": domain} if domain else {},
        )

    async def kick(self, room: Room, identity: str) -> None:
        """Out of the meeting, and no way back: the participant is deleted as well."""
        with suppress(MediaNotFound):  # nobody is there
            await self._rest.post(
                f"{_path(room)}/active-session/kick",
                {"custom_participant_ids": [identity], "participant_ids": []},
            )
        person = self._people.pop((room.ref, identity), None) or await self._find(room, identity)
        if person is not None:
            with suppress(MediaNotFound):
                await self._rest.delete(f"{_path(room)}/participants/{quote(person, safe='')}")

    async def close(self, room: Room) -> None:
        """Nobody can join any more, and who is there has to leave."""
        await self._rest.patch(_path(room), {"status": "INACTIVE"})
        with suppress(MediaNotFound):  # nobody is there
            await self._rest.post(f"{_path(room)}/active-session/kick-all")
        self._made.pop(room.key, None)

    def parse_webhook(self, headers: Mapping[str, str], raw: bytes) -> Sequence[MediaEvent]:
        return self._webhooks.parse(headers, raw)

    async def health(self) -> None:
        try:
            found = await self._rest.get("/presets")
        except MediaUnavailable as error:
            raise in_plain_words(error, self._access) from error
        names = {each.get("name") for each in found if isinstance(each, dict)}
        for setting, name in (
            ("CANDIDATE", self._presets.candidate),
            ("PROCTOR", self._presets.proctor),
        ):
            if names and name not in names:
                raise MediaConfigError(
                    f"INVIGIL_REALTIMEKIT_{setting}_PRESET: there is no preset named {name}.",
                    fix="Make it in RealtimeKit's dashboard, or correct the name.",
                )

    async def aclose(self) -> None:
        await self._webhooks.aclose()
        await self._rest.aclose()

    async def _token(self, room: Room, who: Participant) -> str:
        known = self._people.get((room.ref, who.identity))
        if known is not None:
            with suppress(MediaNotFound):
                return await self._refreshed(room, known)
            del self._people[room.ref, who.identity]
        try:
            data = await self._rest.post(
                f"{_path(room)}/participants",
                {
                    "custom_participant_id": who.identity,
                    "preset_name": self._preset(who.role),
                    # A name is asked for on some screens; ours shows none of these.
                    "name": who.role.value,
                },
            )
        except MediaConflict:
            found = await self._find(room, who.identity)
            if found is None:
                raise
            _remember(self._people, (room.ref, who.identity), found)
            return await self._refreshed(room, found)
        _remember(self._people, (room.ref, who.identity), _text(data, "id"))
        return _text(data, "token")

    async def _refreshed(self, room: Room, person: str) -> str:
        data = await self._rest.post(f"{_path(room)}/participants/{quote(person, safe='')}/token")
        return _text(data, "token")

    async def _find(self, room: Room, identity: str) -> str | None:
        """The participant's id there. A candidate's meeting has few of them."""
        found = await self._rest.get(f"{_path(room)}/participants?per_page=100")
        for each in found if isinstance(found, list) else ():
            if isinstance(each, dict) and each.get("custom_participant_id") == identity:
                return _text(each, "id")
        return None

    async def _require_meeting(self, room: Room) -> None:
        """Raises `MediaNotFound` after a note to make another one next time."""
        try:
            await self._rest.get(_path(room))
        except MediaNotFound:
            _remember(self._gone, room.ref, None)
            raise

    def _preset(self, role: MediaRole) -> str:
        return self._presets.candidate if role is MediaRole.CANDIDATE else self._presets.proctor


def _path(room: Room) -> str:
    return f"/meetings/{quote(room.ref, safe='')}"


def _text(data: Any, name: str) -> str:
    found = data.get(name) if isinstance(data, dict) else None
    if not isinstance(found, str) or not found:
        raise MediaUnavailable("The live-video service answered something unclear.")
    return found


def _remember(into: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    into[key] = value
    if len(into) > _REMEMBERED:
        into.popitem(last=False)


def _expiry(token: str) -> datetime | None:
    """When a token ends, as it says itself. Only the service checks it, so it is not verified."""
    with suppress(IndexError, ValueError, KeyError, TypeError, OverflowError):
        claims = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return datetime.fromtimestamp(float(found["exp"]), UTC)
    return None
