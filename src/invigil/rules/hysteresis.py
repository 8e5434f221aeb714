"""Runs of like frames. One frame never decides anything: errors of single frames are common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from invigil.domain.incident import Incident, ObservationRecord
from invigil.domain.session import Policy

# A run with frames in it that say nothing must lie within this time, or within three sampling
# intervals when those are longer: two glimpses a minute apart are two glimpses, not one run.
_RUN_LIMIT = timedelta(seconds=15)
_RUN_LIMIT_INTERVALS = 3

# From this frame of a run on, the candidate is told.
_WARN_FROM = 2


class Sign(StrEnum):
    """What one frame says about one suspicion."""

    SHOWS = "shows"
    CLEAR = "clear"
    SAYS_NOTHING = "says_nothing"


Classify = Callable[[ObservationRecord], Sign]


@dataclass(frozen=True, slots=True)
class Run:
    """Frames of one sign in a row, oldest first; frames that say nothing are left out."""

    frames: tuple[ObservationRecord, ...]

    def long_enough(self, frames: int, span: timedelta) -> bool:
        """Whether there are `frames` frames, and `span` lies between the first and the last."""
        return (
            len(self.frames) >= max(frames, 1)
            and self.frames[-1].received_at - self.frames[0].received_at >= span
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """One suspicion after the newest frame.

    `shows`: the run that shows it, empty when the newest frame with a sign is clear.
    `opens_at`, `closes_at`: the beginning of the run that decides, None while none does.
    `undecided`: a run towards the other state has begun and is not long enough yet.
    `warns`: the newest frame shows it, and it is not the first one to do so.
    """

    shows: Run
    opens_at: datetime | None
    closes_at: datetime | None
    undecided: bool
    warns: bool


def weigh(
    policy: Policy,
    window: Sequence[ObservationRecord],
    open_incident: Incident | None,
    *,
    classify: Classify,
    open_span: timedelta,
    open_frames: int | None = None,
) -> Weighed:
    """Weigh the frames of `window` (ordered by time, at least one).

    `open_span`: least time from the first to the last frame of a run that opens an incident;
    `open_frames`: least number of its frames, by default the policy's.
    """
    needed = policy.open_frames if open_frames is None else open_frames
    signs = [(frame, classify(frame)) for frame in window]
    newest = signs[-1][1]
    shows = _newest_run(signs, Sign.SHOWS, _limit(policy, open_span))
    warns = newest is Sign.SHOWS and (open_incident is not None or len(shows.frames) >= _WARN_FROM)
    if open_incident is None:
        decided = newest is Sign.SHOWS and shows.long_enough(needed, open_span)
        return Weighed(
            shows=shows,
            opens_at=shows.frames[0].received_at if decided else None,
            closes_at=None,
            undecided=bool(shows.frames) and not decided,
            warns=warns,
        )
    # Frames from before the incident are no sign of its end.
    later = [(frame, sign) for frame, sign in signs if frame.received_at > open_incident.started_at]
    clear = _newest_run(later, Sign.CLEAR, _limit(policy, policy.close_span))
    decided = newest is Sign.CLEAR and clear.long_enough(policy.close_frames, policy.close_span)
    return Weighed(
        shows=shows,
        opens_at=None,
        closes_at=clear.frames[0].received_at if decided else None,
        undecided=bool(clear.frames) and not decided,
        warns=warns,
    )


def no_longer_shown(
    remembered: Sequence[ObservationRecord], incident: Incident, classify: Classify
) -> datetime:
    """When the first frame of `incident` came that did not show it any more, clear or not.

    For suspicions that only good pictures can show: nobody is reported for the time in which
    nothing could be seen. Frames that are forgotten count as showing it.
    """
    later = [frame for frame in remembered if frame.received_at > incident.started_at]
    shown = [place for place, frame in enumerate(later) if classify(frame) is Sign.SHOWS]
    return later[shown[-1] + 1 if shown else 0].received_at


def _limit(policy: Policy, span: timedelta) -> timedelta:
    """Longest time of a run with gaps in it; always leaves room for the `span` it needs."""
    return max(policy.sampling * _RUN_LIMIT_INTERVALS, _RUN_LIMIT, span * 2)


def _newest_run(
    signs: Sequence[tuple[ObservationRecord, Sign]], wanted: Sign, limit: timedelta
) -> Run:
    """The run of `wanted` that ends the sequence.

    Frames that say nothing neither count nor break it, but once there is one, frames more than
    `limit` older than the newest frame no longer belong. Without one the run goes back as far as
    the window does: a busy server asks for frames far apart, and those still are in a row.
    """
    run: list[ObservationRecord] = []
    interrupted = False
    for frame, sign in reversed(signs):
        if sign is Sign.SAYS_NOTHING:
            interrupted = True
            continue
        too_old = interrupted and signs[-1][0].received_at - frame.received_at > limit
        if sign is not wanted or too_old:
            break
        run.append(frame)
    run.reverse()
    return Run(tuple(run))
