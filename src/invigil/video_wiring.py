"""Makes the providers of live video that are set up."""

from __future__ import annotations

from datetime import timedelta

import structlog

from invigil.clock import Clock
from invigil.domain.errors import MediaConfigError, MediaUnavailable
from invigil.meetings import BuiltinMeetings, MediaProvider, Meetings
from invigil.meetings.port import ServerTap
from invigil.meetings.realtimekit.setting import make_realtimekit, only_of_tutorial
from invigil.settings import LiveVideo, Settings

log = structlog.get_logger(__name__)


def make_meetings(settings: Settings, clock: Clock) -> Meetings:
    """The providers of live video that are set up.

    Ends the program with one clear sentence when the one of the settings is not.
    """
    secret = settings.turn_secret
    providers: list[MediaProvider] = [
        BuiltinMeetings(
            stun_urls=settings.stun_urls,
            turn_urls=settings.turn_urls,
            turn_secret=secret.get_secret_value() if secret else None,
            turn_lifetime=timedelta(minutes=settings.turn_minutes),
            relay_only=settings.relay_only,
        )
    ]
    taps: dict[str, ServerTap] = {}
    if settings.livekit_url is not None:
        livekit = _livekit(settings.livekit_url, settings)
        providers.append(livekit)
        if settings.livekit_tap_seconds is not None:
            taps[livekit.id] = _livekit_tap(settings.livekit_url, settings)
    try:
        wanted = settings.meetings is LiveVideo.REALTIMEKIT
        if (realtimekit := make_realtimekit(settings, clock, wanted=wanted)) is not None:
            providers.append(realtimekit)
        return Meetings(providers, settings.meetings.value, taps)
    except MediaConfigError as error:
        raise SystemExit(f"{error.message} {error.fix}") from None


def _livekit(url: str, settings: Settings) -> MediaProvider:
    try:
        # An extra: installations without LiveKit do without it.
        from invigil.meetings.livekit import LiveKitMeetings  # noqa: PLC0415
    except ImportError:
        raise SystemExit(
            "INVIGIL_LIVEKIT_URL is set, but the packages for LiveKit are not installed. "
            "Install Invigil with the extra `livekit`: pip install 'invigil[livekit]'."
        ) from None
    return LiveKitMeetings(url, settings.livekit_api_url, *_livekit_pair(settings))


def _livekit_tap(url: str, settings: Settings) -> ServerTap:
    # The same extra as the provider, which was made before.
    from invigil.meetings.livekit_tap import LiveKitTap  # noqa: PLC0415

    return LiveKitTap(settings.livekit_api_url or url, *_livekit_pair(settings))


def _livekit_pair(settings: Settings) -> tuple[str, str]:
    secret = settings.livekit_api_secret
    return settings.livekit_api_key or "", secret.get_secret_value() if secret else ""


async def check_meetings(meetings: Meetings, settings: Settings) -> None:
    """Raises `MediaConfigError` for wrong settings.

    What the file of the published tutorial sets may be left over, and a provider that is away keeps
    nothing else from working: both are only reported, unless new sessions need the first.
    """
    left_over = LiveVideo.REALTIMEKIT.value if only_of_tutorial(settings) else None
    try:
        for provider in meetings:
            needed = provider.id == meetings.default or provider.id != left_over
            await _check_provider(provider, needed=needed)
    finally:
        await meetings.aclose()


async def _check_provider(provider: MediaProvider, *, needed: bool) -> None:
    try:
        await provider.health()
    except MediaConfigError as error:
        if needed:
            raise
        log.warning(
            "live video is set up wrongly; sessions that choose it have none, new ones do not get "
            "it by themselves",
            provider=provider.id,
            reason=error.message,
            fix=error.fix,
        )
    except MediaUnavailable as error:
        log.warning(
            "live video is away; exams go on without it, with still pictures, and it comes back "
            "by itself",
            provider=provider.id,
            reason=error.message,
        )
