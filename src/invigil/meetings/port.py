"""What a live-video provider offers. Vendors' words stop at their adapters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Isolation(StrEnum):
    """What keeps candidates from seeing one another."""

    STRUCTURAL = "structural"  # no connection exists between them
    TOKEN = "token"  # the media server refuses  # noqa: S105
    UI_ONLY = "ui_only"  # the page does not show it


@dataclass(frozen=True, slots=True)
class Capabilities:
    isolation: Isolation
    talkback: bool
    max_viewers_hint: int


@dataclass(frozen=True, slots=True)
class JoinGrant:
    """What one page needs to take part. `token` and `options` may hold secrets: never log them."""

    provider: str
    expires_at: datetime
    ice_servers: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    ice_transport_policy: str = "all"
    url: str | None = None
    token: str | None = field(default=None, repr=False)


class MediaProvider(Protocol):
    """One provider of live video."""

    @property
    def id(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def join(self, peer_id: str, now: datetime) -> JoinGrant:
        """Let one page in; valid until the grant's `expires_at`."""
        ...
