"""No frames at all: itself a fact, with its cause. Time without the server never counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from invigil.domain.candidate import CameraClaim
from invigil.domain.changes import Close, Open
from invigil.domain.incident import GapCause, Incident, IncidentDetail, IncidentKind
from invigil.domain.session import Policy

# The page says that its camera stopped: wait only for a frame that may still be on its way, or
# for a device that comes back by itself.
_CLAIM_GRACE = timedelta(seconds=3)
_CAMERA_STOPPED = frozenset({CameraClaim.ENDED, CameraClaim.MUTED})


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of one monitored candidate between frames. All times are the server's.

    `last_frame_at`: when the newest frame came, None before the first one.
    `entered_at`: when the candidate entered the exam room.
    `expected_every`: the interval between frames last asked of the page.
    `camera`, `camera_claimed_at`: what the page says about its camera, and since when.
    `server_available_since`: beginning of the time in which frames could have been taken without
    a break until now.
    `connected`: whether the page's connection to the server is up.
    """

    last_frame_at: datetime | None
    entered_at: datetime
    expected_every: timedelta
    camera: CameraClaim
    camera_claimed_at: datetime | None
    server_available_since: datetime
    connected: bool

    @property
    def silent_since(self) -> datetime:
        """Beginning of the silence that counts."""
        return max(self.last_frame_at or self.entered_at, self.server_available_since)


def judge_silence(
    policy: Policy,
    now: datetime,
    presence: Presence,
    open_incident: Incident | None,
) -> Open | Close | None:
    """Judge the time since the last frame. `open_incident`: the open camera-lost one, if any."""
    if open_incident is not None:
        last = presence.last_frame_at
        if last is not None and last > open_incident.started_at:
            return Close(incident=open_incident, ended_at=last)
        return None
    if not (_silent_too_long(policy, now, presence) or _stopped_by_claim(now, presence)):
        return None
    return Open(
        kind=IncidentKind.CAMERA_LOST,
        started_at=presence.silent_since,
        detail=IncidentDetail(cause=_cause(presence)),
        with_image=False,
    )


def _silent_too_long(policy: Policy, now: datetime, presence: Presence) -> bool:
    allowed = policy.lost_after * max(presence.expected_every, policy.sampling)
    return now - presence.silent_since >= allowed


def _stopped_by_claim(now: datetime, presence: Presence) -> bool:
    """Whether the page says so, for long enough, and no frame since says otherwise."""
    claimed = presence.camera_claimed_at
    if presence.camera not in _CAMERA_STOPPED or claimed is None:
        return False
    if presence.last_frame_at is not None and presence.last_frame_at > claimed:
        return False
    return now - max(claimed, presence.silent_since) >= _CLAIM_GRACE


def _cause(presence: Presence) -> GapCause:
    if presence.camera in _CAMERA_STOPPED:
        return GapCause.CAMERA
    return GapCause.UNKNOWN if presence.connected else GapCause.CONNECTION
