"""From settings to a provider, with one clear sentence where something is missing."""

from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr

from invigil.clock import Clock
from invigil.domain.errors import MediaConfigError
from invigil.domain.outage import has_place
from invigil.meetings.realtimekit.access import Access, Basic, Bearer
from invigil.meetings.realtimekit.provider import Presets, RealtimeKitMeetings

_PREFIX = "INVIGIL_REALTIMEKIT_"
_NOTHING_SET = "INVIGIL_MEETINGS=realtimekit needs the credentials of an account, and none are set."
_NEEDED = (
    f"Set {_PREFIX}ACCOUNT_ID, {_PREFIX}APP_ID and {_PREFIX}API_TOKEN; or, for an older account, "
    f"{_PREFIX}ORG_ID and {_PREFIX}API_KEY (DYTE_ORG_ID and DYTE_API_KEY in the tutorial)."
)


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


def make_realtimekit(
    settings: RealtimeKitSettings, clock: Clock, *, wanted: bool
) -> RealtimeKitMeetings | None:
    """None where no credentials are set. Raises `MediaConfigError`, which names the setting.

    `wanted`: new sessions get it, so that there must be credentials.
    """
    credentials = _bearer(settings) or _basic(settings)
    if credentials is None:
        if wanted:
            raise MediaConfigError(_NOTHING_SET, fix=_NEEDED)
        return None
    access = Access(credentials, _base(settings.realtimekit_base_url))
    presets = Presets(settings.realtimekit_candidate_preset, settings.realtimekit_proctor_preset)
    return RealtimeKitMeetings(access, presets, clock)


def only_of_tutorial(settings: RealtimeKitSettings) -> bool:
    """Whether all that is known of an account comes from the published tutorial's names."""
    ours = (
        settings.realtimekit_account_id,
        settings.realtimekit_app_id,
        settings.realtimekit_api_token,
        settings.realtimekit_org_id,
        settings.realtimekit_api_key,
    )
    return settings.dyte_org_id is not None and not any(ours)


def _bearer(settings: RealtimeKitSettings) -> Bearer | None:
    token = _open(settings.realtimekit_api_token)
    found = {
        f"{_PREFIX}ACCOUNT_ID": settings.realtimekit_account_id,
        f"{_PREFIX}APP_ID": settings.realtimekit_app_id,
        f"{_PREFIX}API_TOKEN": token,
    }
    whole = _whole(found)
    return Bearer(whole[0], whole[1], whole[2], tuple(found)) if whole else None


def _basic(settings: RealtimeKitSettings) -> Basic | None:
    """Our names, and those of the tutorial for what they do not give."""
    org, key = settings.realtimekit_org_id, _open(settings.realtimekit_api_key)
    old_org, old_key = settings.dyte_org_id, _open(settings.dyte_api_key)
    ours = bool(org or key)
    found = {
        f"{_PREFIX}ORG_ID" if org or (ours and not old_org) else "DYTE_ORG_ID": org or old_org,
        f"{_PREFIX}API_KEY" if key or (ours and not old_key) else "DYTE_API_KEY": key or old_key,
    }
    whole = _whole(found)
    return Basic(whole[0], whole[1], tuple(found)) if whole else None


def _whole(found: dict[str, str | None]) -> list[str] | None:
    """All values; None where there is none at all."""
    there = {name: value for name, value in found.items() if value}
    if not there:
        return None
    missing = [name for name in found if name not in there]
    if missing:
        raise MediaConfigError(
            f"RealtimeKit is set up by half: {' and '.join(there)} without "
            f"{' and '.join(missing)}.",
            fix="Set them all, or none of them.",
        )
    return list(there.values())


def _base(url: str | None) -> str | None:
    if not url:
        return None
    if not has_place(url) or not url.startswith(("http://", "https://")) or "@" in url:
        raise MediaConfigError(
            f"{_PREFIX}BASE_URL must be an address such as https://api.dyte.io/v2.",
            fix="Correct it, or leave it out.",
        )
    return url


def _open(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
