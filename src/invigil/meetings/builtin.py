"""Browser-to-browser video: each candidate sends to the proctors and to nobody else.

The server carries the signalling and refuses letters between two candidates, so that no
connection between them can come about. TURN credentials follow coturn's `use-auth-secret`: the
user name is "<expiry>:<peer>", the password base64(HMAC-SHA1(secret, user name)).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from invigil.domain.errors import NotFound
from invigil.meetings.port import (
    Capabilities,
    Isolation,
    JoinGrant,
    MediaEvent,
    Participant,
    Room,
    RoomKey,
)

# One candidate's page encodes once a viewer; measured at 5.6 % of a core for each small picture.
_CAPABILITIES = Capabilities(
    Isolation.STRUCTURAL, talkback=True, max_viewers_hint=3, over_socket=True
)


@dataclass(frozen=True, slots=True)
class BuiltinMeetings:
    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str | None = field(default=None, repr=False)
    turn_lifetime: timedelta = timedelta(hours=6)
    relay_only: bool = False

    @property
    def id(self) -> str:
        return "builtin"

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    @property
    def page_origins(self) -> Sequence[str]:
        return ()

    async def open(self, key: RoomKey, known: str | None) -> Room:
        """There is nothing to open: the session's pages find one another on the live socket."""
        return Room(key, known or key.session_id)

    async def join(
        self,
        room: Room,  # noqa: ARG002 - the port's
        who: Participant,
        now: datetime,
    ) -> JoinGrant:
        """`who.identity` names the page in its TURN credential."""
        expires_at = now + self.turn_lifetime
        servers: list[dict[str, Any]] = []
        if self.stun_urls:
            servers.append({"urls": list(self.stun_urls)})
        if self.turn_urls and self.turn_secret:
            name, password = turn_credential(self.turn_secret, who.identity, expires_at)
            servers.append({"urls": list(self.turn_urls), "username": name, "credential": password})
        return JoinGrant(
            provider=self.id,
            expires_at=expires_at,
            ice_servers=tuple(servers),
            ice_transport_policy="relay" if self.relay_only else "all",
        )

    async def kick(self, room: Room, identity: str) -> None:
        """The live socket ends, and with it all letters; the page hangs up."""

    async def close(self, room: Room) -> None:
        """As for `kick`."""

    def parse_webhook(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - the port's
        raw: bytes,  # noqa: ARG002 - the port's
    ) -> Sequence[MediaEvent]:
        raise NotFound

    async def health(self) -> None:
        """There is no server to be ill."""

    async def aclose(self) -> None:
        """There are no connections."""


def turn_credential(secret: str, peer_id: str, expires_at: datetime) -> tuple[str, str]:
    """User name and password for coturn, valid until `expires_at`."""
    name = f"{int(expires_at.timestamp())}:{peer_id}"
    digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
    return name, base64.b64encode(digest).decode()
