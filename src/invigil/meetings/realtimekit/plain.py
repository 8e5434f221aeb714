"""What is wrong at the service, with the settings that are to blame, for whoever runs ours."""

from __future__ import annotations

from invigil.domain.errors import (
    MediaAuthError,
    MediaConfigError,
    MediaNotFound,
    MediaRateLimited,
    MediaUnavailable,
)
from invigil.domain.outage import place_of, why_away
from invigil.meetings.realtimekit.access import Access, Bearer

_BASE = "INVIGIL_REALTIMEKIT_BASE_URL"
_DYTE = "https://api.dyte.io/v2"


def in_plain_words(error: MediaUnavailable, access: Access) -> MediaUnavailable:
    """The same error, of a call that needs nothing but the account."""
    place, names = place_of(access.url), _listed(access.credentials.names)
    match error:
        case MediaRateLimited():
            return error
        case MediaAuthError():
            return MediaAuthError(f"{names}: RealtimeKit at {place} refuses them.", fix=_by(access))
        case MediaNotFound():
            return _nothing_there(access, place)
        case MediaConfigError():
            return MediaConfigError(error.message, fix=f"Check {names}, and {_BASE}.")
        case _:
            named = _BASE if access.base else names
            return MediaUnavailable(
                f"{named}: RealtimeKit at {place} cannot be used right now: {why_away(error)}."
            )


def _by(access: Access) -> str:
    if isinstance(access.credentials, Bearer):
        return (
            "Check that the token is of this account and has the permission Realtime Admin; or "
            "remove all three where RealtimeKit is not wanted."
        )
    return (
        "Check that both are of one organization that still exists; or remove them where "
        "RealtimeKit is not wanted."
    )


def _nothing_there(access: Access, place: str) -> MediaConfigError:
    if isinstance(access.credentials, Bearer):
        account, application, _ = access.credentials.names
        return MediaConfigError(
            f"{account}, {application}: {place} knows no such account or application of "
            "RealtimeKit.",
            fix=f"Check both{f', and {_BASE}' if access.base else ''}.",
        )
    return MediaConfigError(
        f"{_BASE}: what answers at {access.url} is not the API of RealtimeKit.",
        fix=f"Correct it, or leave it out; an account at Dyte itself needs {_DYTE}.",
    )


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
