"""From settings to a provider, with one clear sentence where something is missing."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from invigil.clock import Clock
from invigil.domain.errors import MediaConfigError
from invigil.meetings.realtimekit.access import Access, Basic, Bearer
from invigil.meetings.realtimekit.provider import Presets, RealtimeKitMeetings

_PREFIX = "INVIGIL_REALTIMEKIT_"


class RealtimeKitSettings(Protocol):
    """The part of the settings that is about RealtimeKit."""

    @property
    def realtimekit_base_url(self) -> str | None: ...
    @property
    def realtimekit_account_id(self) -> str | None: ...
    @property
    def realtimekit_app_id(self) -> str | None: ...
    @property
    def realtimekit_api_token(self) -> SecretStr | None: ...
    @property
    def realtimekit_org_id(self) -> str | None: ...
    @property
    def realtimekit_api_key(self) -> SecretStr | None: ...
    @property
    def dyte_org_id(self) -> str | None: ...
    @property
    def dyte_api_key(self) -> SecretStr | None: ...
    @property
    def realtimekit_candidate_preset(self) -> str: ...
    @property
    def realtimekit_proctor_preset(self) -> str: ...


def make_realtimekit(settings: RealtimeKitSettings, clock: Clock) -> RealtimeKitMeetings | None:
    """None where no credentials are set. Raises `MediaConfigError`, which names the setting."""
    credentials = _bearer(settings) or _basic(settings)
    if credentials is None:
        return None
    access = Access(credentials, _base(settings.realtimekit_base_url))
    presets = Presets(settings.realtimekit_candidate_preset, settings.realtimekit_proctor_preset)
    return RealtimeKitMeetings(access, presets, clock)


def _bearer(settings: RealtimeKitSettings) -> Bearer | None:
    token = _open(settings.realtimekit_api_token)
    found = {
        "ACCOUNT_ID": settings.realtimekit_account_id,
        "APP_ID": settings.realtimekit_app_id,
        "API_TOKEN": token,
    }
    if not any(found.values()):
        return None
    _require_whole(found)
    return Bearer(found["ACCOUNT_ID"] or "", found["APP_ID"] or "", token or "")


def _basic(settings: RealtimeKitSettings) -> Basic | None:
    found = {
        "ORG_ID": settings.realtimekit_org_id or settings.dyte_org_id,
        "API_KEY": _open(settings.realtimekit_api_key) or _open(settings.dyte_api_key),
    }
    if not any(found.values()):
        return None
    _require_whole(found)
    return Basic(found["ORG_ID"] or "", found["API_KEY"] or "")


def _require_whole(found: dict[str, str | None]) -> None:
    missing = [_PREFIX + name for name, value in found.items() if not value]
    if missing:
        there = [_PREFIX + name for name, value in found.items() if value]
        raise MediaConfigError(
            f"{' and '.join(there)} set without {' and '.join(missing)}.",
            fix="Set them all, or none of them.",
        )


def _base(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise MediaConfigError(
            f"{_PREFIX}BASE_URL must be an address such as https://api.dyte.io/v2.",
            fix="Correct it, or leave it out.",
        )
    return url


def _open(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
